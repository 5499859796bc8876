-- Orders: one short row without text, the personal part apart, lines and changes under ids that carry their order's.
CREATE TABLE orders (
  id INTEGER PRIMARY KEY CHECK (id < 1 << 40),
  status             INTEGER NOT NULL CHECK (status BETWEEN 0 AND 5),           -- pending, processing, shipped, delivered, canceled, refunded
  payment_status     INTEGER NOT NULL CHECK (payment_status BETWEEN 0 AND 6),   -- unpaid, failed, authorized, partially_paid, paid, partially_refunded, refunded
  fulfilment_status  INTEGER NOT NULL CHECK (fulfilment_status BETWEEN 0 AND 2),  -- unfulfilled, partial, fulfilled
  return_status      INTEGER NOT NULL DEFAULT 0 CHECK (return_status BETWEEN 0 AND 3),  -- none, requested, received, refunded
  version            INTEGER NOT NULL DEFAULT 1 CHECK (version BETWEEN 1 AND 4095),
  channel            INTEGER NOT NULL CHECK (channel BETWEEN 0 AND 3),          -- page, api, staff, import
  customer_id        INTEGER REFERENCES customers(id),  -- NULL: an imported order without one
  user_id INTEGER, placed_by INTEGER,                 -- placed_by only where it is not user_id
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'), item_count INTEGER NOT NULL CHECK (item_count >= 0),
  subtotal INTEGER NOT NULL CHECK (subtotal >= 0), discount INTEGER NOT NULL CHECK (discount >= 0),
  shipping INTEGER NOT NULL CHECK (shipping >= 0), tax INTEGER NOT NULL CHECK (tax >= 0),
  tax_included INTEGER NOT NULL CHECK (tax_included IN (0, 1)), total INTEGER NOT NULL CHECK (total >= 0),
  paid INTEGER NOT NULL DEFAULT 0 CHECK (paid >= 0), refunded INTEGER NOT NULL DEFAULT 0 CHECK (refunded >= 0),
  shipping_method INTEGER, payment_method INTEGER, coupon_id INTEGER,
  placed_at INTEGER NOT NULL, updated_at INTEGER,     -- NULL: as placed
  processing_at INTEGER, shipped_at INTEGER, delivered_at INTEGER, canceled_at INTEGER, refunded_at INTEGER,
  imported_at INTEGER,                                -- NULL: placed here
  events INTEGER NOT NULL DEFAULT 1,                  -- how many it has written: the next event's seq
  number TEXT,                                        -- NULL: 1000 + id, until an import has brought numbers of its own
  CHECK (total = subtotal - discount + shipping + iif(tax_included, 0, tax)),
  CHECK (refunded <= paid)
) STRICT;
CREATE UNIQUE INDEX orders_number   ON orders (number) WHERE number IS NOT NULL;
CREATE INDEX orders_open     ON orders (status) WHERE status <= 2;
CREATE INDEX orders_owing    ON orders (payment_status) WHERE payment_status <= 3 AND status <= 3;
CREATE INDEX orders_placed   ON orders (placed_at);
CREATE INDEX orders_customer ON orders (id >> 13, customer_id, id DESC) WHERE customer_id IS NOT NULL;

CREATE TABLE order_contacts (                         -- the personal part: what anonymise blanks, one row
  order_id INTEGER PRIMARY KEY REFERENCES orders(id),
  token BLOB NOT NULL CHECK (length(token) = 16),     -- the private link carries id and token: no index
  email TEXT, shipping_address TEXT, billing_address TEXT, note TEXT, client_token TEXT
) STRICT;

CREATE TABLE order_lines (
  id INTEGER PRIMARY KEY,                             -- (order_id << 12) + position: clustered by order, no second index
  order_id INTEGER NOT NULL REFERENCES orders(id),
  variant_id INTEGER REFERENCES variants(id), product_id INTEGER,   -- both NULL: a charge
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  unit_price INTEGER NOT NULL CHECK (unit_price >= 0), list_price INTEGER,   -- NULL: the same
  discount INTEGER NOT NULL CHECK (discount >= 0), tax INTEGER NOT NULL CHECK (tax >= 0),
  tax_rate INTEGER NOT NULL DEFAULT 0,                -- thousandths of a percent
  total INTEGER NOT NULL CHECK (total >= 0),
  flags INTEGER NOT NULL DEFAULT 0, sku TEXT NOT NULL, name TEXT NOT NULL,
  CHECK (id >> 12 = order_id), CHECK (total = quantity * unit_price - discount),
  CHECK ((variant_id IS NULL) = (product_id IS NULL))
) STRICT;

CREATE TABLE stock_movements (
  id INTEGER PRIMARY KEY, variant_id INTEGER NOT NULL REFERENCES variants(id),
  delta INTEGER NOT NULL CHECK (delta <> 0), available INTEGER NOT NULL CHECK (available >= 0),   -- after it
  reason INTEGER NOT NULL CHECK (reason BETWEEN 0 AND 4),                       -- sale, restock, adjust, return, import
  order_id INTEGER REFERENCES orders(id), at INTEGER NOT NULL, actor_id INTEGER, note TEXT
) STRICT;
CREATE INDEX stock_movements_variant ON stock_movements (id >> 12, variant_id, id DESC);

CREATE TABLE order_changes (                          -- from the second version on; the order is its own first entry
  id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders(id),
  version INTEGER NOT NULL CHECK (version BETWEEN 2 AND 4095),
  at INTEGER NOT NULL, action INTEGER NOT NULL, actor_kind INTEGER NOT NULL, actor_id INTEGER, request_id TEXT,
  public INTEGER NOT NULL CHECK (public IN (0, 1)), note TEXT,
  former TEXT,                                        -- JSON of the changed columns, as they were
  CHECK (id = (order_id << 12) + version)
) STRICT;

CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE UNIQUE) STRICT;
CREATE TABLE order_tags (
  tag_id INTEGER NOT NULL REFERENCES tags(id), order_id INTEGER NOT NULL REFERENCES orders(id),
  PRIMARY KEY (tag_id, order_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_tags_order ON order_tags (order_id);
