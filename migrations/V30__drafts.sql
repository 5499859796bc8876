-- Orders that staff prepare and have not placed: what is asked for, as a request names it. A draft is no order: it has no
-- number and takes no stock. One that was placed says as which order.
CREATE TABLE drafts (
  id INTEGER PRIMARY KEY CHECK (id < 1 << 40),
  channel INTEGER NOT NULL CHECK (channel BETWEEN 0 AND 2),             -- phone, counter, mail
  customer_id INTEGER REFERENCES customers(id),                         -- NULL: a guest's, or nobody's yet
  payment_method INTEGER NOT NULL CHECK (payment_method BETWEEN 0 AND 4),
  asked TEXT NOT NULL CHECK (json_valid(asked)),                        -- the personal part is in here
  reason TEXT,                                                          -- why at these prices, among staff
  order_id INTEGER REFERENCES orders(id), placed_at INTEGER,
  created_by INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 1,
  CHECK ((order_id IS NULL) = (placed_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX drafts_order ON drafts (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX drafts_customer ON drafts (customer_id) WHERE customer_id IS NOT NULL;
