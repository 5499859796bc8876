-- Papers of orders: invoices, and the credit notes that take back from them. A number is taken in the transaction that
-- issues, so that no series ever has a gap (N10). What imports credited outside every order stays in credit_notes.
CREATE TABLE invoice_series (
  series INTEGER NOT NULL CHECK (series BETWEEN 0 AND 1),              -- invoice, credit note
  year INTEGER NOT NULL CHECK (year BETWEEN 1900 AND 9999),            -- the shop's
  next INTEGER NOT NULL CHECK (next > 1),
  PRIMARY KEY (series, year)
) STRICT, WITHOUT ROWID;

CREATE TABLE invoices (
  id INTEGER PRIMARY KEY CHECK (id < 1 << 40),
  series INTEGER NOT NULL CHECK (series BETWEEN 0 AND 1),
  year INTEGER NOT NULL, number INTEGER NOT NULL CHECK (number > 0),   -- INV-2026-00001
  order_id INTEGER NOT NULL REFERENCES orders(id),
  invoice_id INTEGER REFERENCES invoices(id),                          -- of a credit note: what it takes back from
  refund_id INTEGER REFERENCES refunds(id),                            -- and why; NULL: the order was canceled unpaid
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'), total INTEGER NOT NULL CHECK (total > 0),
  issued_at INTEGER NOT NULL, issued_by INTEGER,
  voided_at INTEGER,                                                   -- of a credit note whose refund has failed after all
  content TEXT NOT NULL CHECK (json_valid(content)),                   -- what it says, frozen
  CHECK ((series = 1) = (invoice_id IS NOT NULL)), CHECK (refund_id IS NULL OR series = 1),
  CHECK (voided_at IS NULL OR series = 1)
) STRICT;
CREATE UNIQUE INDEX invoices_number ON invoices (series, year, number);
CREATE UNIQUE INDEX invoices_order ON invoices (order_id) WHERE series = 0;
CREATE INDEX invoices_credits ON invoices (invoice_id) WHERE invoice_id IS NOT NULL;

-- Paid before there were invoices: none is missed on these.
CREATE TABLE orders_before_invoices (order_id INTEGER PRIMARY KEY REFERENCES orders(id)) STRICT;
INSERT INTO orders_before_invoices SELECT id FROM orders WHERE paid >= total AND total > 0 AND imported_at IS NULL;
