-- What was credited outside every order: the cancellations of a file that is imported, which never name the sale they undo.
CREATE TABLE credit_notes (
  id INTEGER PRIMARY KEY CHECK (id < 1 << 40),
  number TEXT NOT NULL UNIQUE,                        -- the source's ("C536379")
  customer_id INTEGER REFERENCES customers(id), country TEXT,
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  total INTEGER NOT NULL CHECK (total >= 0),
  placed_at INTEGER NOT NULL, imported_at INTEGER NOT NULL
) STRICT;
CREATE INDEX credit_notes_placed   ON credit_notes (placed_at, total);
CREATE INDEX credit_notes_customer ON credit_notes (customer_id) WHERE customer_id IS NOT NULL;

CREATE TABLE credit_note_lines (
  id INTEGER PRIMARY KEY,                             -- (credit_note_id << 12) + position, as order_lines
  credit_note_id INTEGER NOT NULL REFERENCES credit_notes(id),
  variant_id INTEGER REFERENCES variants(id), product_id INTEGER,   -- both NULL: a charge
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  unit_price INTEGER NOT NULL CHECK (unit_price >= 0),
  total INTEGER NOT NULL CHECK (total = quantity * unit_price),
  sku TEXT NOT NULL, name TEXT NOT NULL,
  CHECK (id >> 12 = credit_note_id), CHECK ((variant_id IS NULL) = (product_id IS NULL))
) STRICT;
