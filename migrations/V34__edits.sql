-- Orders that are changed after they were placed: the personal part as it was before each change, in a table of its own so
-- that it can be forgotten; and invoices that another has taken the place of.
CREATE TABLE order_contact_changes (
  order_id INTEGER NOT NULL REFERENCES orders(id),
  version INTEGER NOT NULL CHECK (version BETWEEN 2 AND 4095),          -- that the change led to
  email TEXT, shipping_address TEXT, billing_address TEXT, note TEXT,   -- as they were before it
  PRIMARY KEY (order_id, version)
) STRICT, WITHOUT ROWID;

ALTER TABLE invoices ADD COLUMN replaced_at INTEGER CHECK (replaced_at IS NULL OR series = 0);
DROP INDEX invoices_order;
CREATE UNIQUE INDEX invoices_order ON invoices (order_id) WHERE series = 0 AND replaced_at IS NULL;
CREATE INDEX invoices_replaced ON invoices (order_id) WHERE replaced_at IS NOT NULL;
