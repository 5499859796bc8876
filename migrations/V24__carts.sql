-- What somebody has picked and not yet ordered: of a user, or of whoever holds a cookie. An item is its variant in its
-- cart, with the price that was shown and when; of a merge that found too little, also what was wanted.
CREATE TABLE carts (
  id INTEGER PRIMARY KEY,
  user_id INTEGER UNIQUE REFERENCES users(id),
  token BLOB UNIQUE CHECK (length(token) = 32),       -- SHA-256 of a guest's cookie
  updated_at INTEGER NOT NULL,
  CHECK ((user_id IS NULL) <> (token IS NULL))
) STRICT;
CREATE INDEX carts_guests ON carts (updated_at) WHERE token IS NOT NULL;
CREATE TABLE cart_items (
  cart_id INTEGER NOT NULL REFERENCES carts(id), variant_id INTEGER NOT NULL REFERENCES variants(id),
  quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 100000),
  unit_price INTEGER NOT NULL CHECK (unit_price >= 0), priced_at INTEGER NOT NULL,
  added_at INTEGER NOT NULL, wanted INTEGER CHECK (wanted > quantity),
  PRIMARY KEY (cart_id, variant_id)
) STRICT, WITHOUT ROWID;
