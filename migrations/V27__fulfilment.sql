-- What leaves the house and what comes back: which pieces of an order went in which parcel, and which are announced,
-- received and given back for. How many are still to go follows from these rows alone.
CREATE TABLE shipments (
  id INTEGER PRIMARY KEY CHECK (id < 1 << 40), order_id INTEGER NOT NULL REFERENCES orders(id),
  carrier TEXT, tracking TEXT, tracking_url TEXT,
  told INTEGER NOT NULL CHECK (told IN (0, 1)),                         -- whether the buyer is written to
  created_by INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX shipments_order ON shipments (order_id);
CREATE TABLE shipment_lines (
  id INTEGER PRIMARY KEY,                                               -- (shipment_id << 12) + position
  shipment_id INTEGER NOT NULL REFERENCES shipments(id), line_id INTEGER NOT NULL REFERENCES order_lines(id),
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  CHECK (id >> 12 = shipment_id)
) STRICT;
CREATE INDEX shipment_lines_line ON shipment_lines (line_id);

CREATE TABLE returns (
  id INTEGER PRIMARY KEY CHECK (id < 1 << 40), order_id INTEGER NOT NULL REFERENCES orders(id),
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),                 -- requested, received, refunded, rejected, canceled
  reason TEXT NOT NULL, created_by INTEGER,
  created_at INTEGER NOT NULL, received_at INTEGER, ended_at INTEGER,
  updated_at INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 1,
  CHECK ((state IN (1, 2)) = (received_at IS NOT NULL)), CHECK ((state > 1) = (ended_at IS NOT NULL))
) STRICT;
CREATE INDEX returns_order ON returns (order_id);
CREATE TABLE return_lines (
  id INTEGER PRIMARY KEY,                                               -- (return_id << 12) + position
  return_id INTEGER NOT NULL REFERENCES returns(id), line_id INTEGER NOT NULL REFERENCES order_lines(id),
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  received INTEGER NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND quantity),
  restocked INTEGER NOT NULL DEFAULT 0 CHECK (restocked IN (0, 1)),
  CHECK (id >> 12 = return_id)
) STRICT;
CREATE INDEX return_lines_line ON return_lines (line_id);

-- Which return a refund answers: one, unless it has failed. And how many of a line's pieces had not left yet when they
-- were given back: these are not to be sent any more.
ALTER TABLE refunds ADD COLUMN return_id INTEGER REFERENCES returns(id);
CREATE UNIQUE INDEX refunds_return ON refunds (return_id) WHERE return_id IS NOT NULL AND state < 2;
ALTER TABLE refund_lines ADD COLUMN unshipped INTEGER NOT NULL DEFAULT 0 CHECK (unshipped BETWEEN 0 AND quantity);
UPDATE refund_lines SET unshipped = quantity
WHERE EXISTS (
  SELECT 1 FROM refunds r JOIN orders o ON o.id = r.order_id JOIN order_lines l ON l.id = refund_lines.line_id
  WHERE r.id = refund_lines.refund_id AND l.variant_id IS NOT NULL AND (o.shipped_at IS NULL OR r.created_at < o.shipped_at)
);
