-- Who buys. Placing an order reads this row, so what is long or rare (addresses, tags, groups, notes) gets tables of its own.
CREATE TABLE customers (
  id INTEGER PRIMARY KEY, status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 3),  -- active, inactive, pending, blocked
  user_id INTEGER REFERENCES users(id),
  number TEXT,                                        -- the source's, for imported ones ("17850")
  name TEXT NOT NULL, email TEXT, phone TEXT, country TEXT,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX customers_user ON customers (user_id) WHERE user_id IS NOT NULL;  -- a user may come to have several
CREATE UNIQUE INDEX customers_number ON customers (number) WHERE number IS NOT NULL;
CREATE INDEX customers_email ON customers (email COLLATE NOCASE) WHERE email IS NOT NULL;
