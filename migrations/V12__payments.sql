-- Money in and back: payments, what is asked of their providers, refunds, what providers tell, and the sandbox's own books.
-- A state is a rank: it never falls, whatever the order in which providers tell.
CREATE TABLE payments (
  id INTEGER PRIMARY KEY CHECK (id < 1 << 40), order_id INTEGER NOT NULL REFERENCES orders(id),
  provider INTEGER NOT NULL CHECK (provider BETWEEN 0 AND 4),           -- manual, sandbox, stripe, razorpay, wallet
  state    INTEGER NOT NULL CHECK (state BETWEEN 0 AND 5),              -- created, requires_action, failed, authorized, voided, captured
  at_once  INTEGER NOT NULL CHECK (at_once IN (0, 1)),                  -- 0: the money is taken when the goods leave
  amount   INTEGER NOT NULL CHECK (amount > 0),
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  captured INTEGER NOT NULL DEFAULT 0 CHECK (captured BETWEEN 0 AND amount),
  refunded INTEGER NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND captured),   -- pending ones too
  provider_ref TEXT, charge_ref TEXT,                                   -- what the provider calls it, and the money in it
  token TEXT, client_secret BLOB, redirect_url TEXT, return_url TEXT,   -- the secret is sealed into this row
  method TEXT, reference TEXT, failure TEXT,
  disputed INTEGER NOT NULL DEFAULT 0 CHECK (disputed IN (0, 1)),
  created_by INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  CHECK ((state = 5) = (captured > 0))
) STRICT;
CREATE INDEX payments_order ON payments (order_id);
CREATE UNIQUE INDEX payments_open ON payments (order_id) WHERE state <= 1;
CREATE UNIQUE INDEX payments_ref ON payments (provider, provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX payments_charge ON payments (charge_ref) WHERE charge_ref IS NOT NULL;

CREATE TABLE refunds (
  id INTEGER PRIMARY KEY CHECK (id < 1 << 40), order_id INTEGER NOT NULL REFERENCES orders(id),
  payment_id INTEGER REFERENCES payments(id),                           -- NULL: of an imported order, whose payments are elsewhere
  state    INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),              -- pending, succeeded, failed
  source   INTEGER NOT NULL CHECK (source BETWEEN 0 AND 2),             -- staff, shop, provider
  amount   INTEGER NOT NULL CHECK (amount > 0), shipping INTEGER NOT NULL DEFAULT 0 CHECK (shipping >= 0),
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  reason TEXT NOT NULL, note TEXT, reference TEXT, provider_ref TEXT, failure TEXT,
  created_by INTEGER, created_at INTEGER NOT NULL, ended_at INTEGER,
  CHECK ((state = 0) = (ended_at IS NULL))
) STRICT;
CREATE INDEX refunds_order ON refunds (order_id);
CREATE INDEX refunds_payment ON refunds (payment_id) WHERE payment_id IS NOT NULL;
CREATE UNIQUE INDEX refunds_ref ON refunds (payment_id, provider_ref) WHERE provider_ref IS NOT NULL;

CREATE TABLE refund_lines (
  id INTEGER PRIMARY KEY,                                               -- (refund_id << 12) + position
  refund_id INTEGER NOT NULL REFERENCES refunds(id), line_id INTEGER NOT NULL REFERENCES order_lines(id),
  quantity INTEGER NOT NULL CHECK (quantity > 0), amount INTEGER NOT NULL CHECK (amount >= 0),
  restocked INTEGER NOT NULL CHECK (restocked IN (0, 1)),
  CHECK (id >> 12 = refund_id)
) STRICT;
CREATE INDEX refund_lines_line ON refund_lines (line_id);

-- What is to be asked of a provider: committed before it is asked, ended by its answer.
CREATE TABLE payment_tasks (
  id INTEGER PRIMARY KEY, payment_id INTEGER NOT NULL REFERENCES payments(id),
  op INTEGER NOT NULL CHECK (op BETWEEN 0 AND 4),                       -- create, confirm, capture, void, refund
  refund_id INTEGER REFERENCES refunds(id), amount INTEGER,
  round INTEGER NOT NULL DEFAULT 1 CHECK (round > 0),                   -- begun again after it had ended: asked under a new key
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),                 -- due, started, done
  attempts INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, started_at INTEGER, due_at INTEGER NOT NULL,
  failure TEXT,
  CHECK ((op = 4) = (refund_id IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX payment_tasks_once ON payment_tasks (payment_id, op, ifnull(refund_id, 0));
CREATE INDEX payment_tasks_due ON payment_tasks (due_at) WHERE state < 2;

-- How each provider has answered of late: what asks one that does not waits, and is not lost.
CREATE TABLE payment_breakers (
  provider INTEGER PRIMARY KEY CHECK (provider BETWEEN 1 AND 3),        -- sandbox, stripe, razorpay
  recent TEXT NOT NULL, open_until INTEGER
) STRICT;

CREATE TABLE inbox (
  id INTEGER PRIMARY KEY, provider INTEGER NOT NULL CHECK (provider BETWEEN 0 AND 4), event_id TEXT NOT NULL,
  kind TEXT NOT NULL, body BLOB NOT NULL,
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),                 -- received, processed, failed, quarantined, dead
  attempts INTEGER NOT NULL DEFAULT 0, received_at INTEGER NOT NULL, due_at INTEGER NOT NULL, processed_at INTEGER,
  payment_id INTEGER REFERENCES payments(id), failure TEXT,
  CHECK ((state = 1) = (processed_at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX inbox_event ON inbox (provider, event_id);
CREATE INDEX inbox_due ON inbox (due_at) WHERE state IN (0, 2);

CREATE INDEX orders_waiting ON orders (placed_at) WHERE status = 0 AND payment_method > 0;

-- The sandbox as a bank would be: it knows what it was asked, and nothing of our books.
CREATE TABLE sandbox_payments (
  id INTEGER PRIMARY KEY, ref TEXT NOT NULL UNIQUE, key TEXT NOT NULL UNIQUE,
  payment_id INTEGER NOT NULL, order_id INTEGER NOT NULL, number TEXT NOT NULL, return_url TEXT,
  amount INTEGER NOT NULL, currency TEXT NOT NULL, at_once INTEGER NOT NULL,
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),                 -- open, declined, authorized, canceled, captured
  captured INTEGER NOT NULL DEFAULT 0, refunded INTEGER NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND captured)
) STRICT;
CREATE TABLE sandbox_refunds (
  id INTEGER PRIMARY KEY, ref TEXT NOT NULL UNIQUE, key TEXT NOT NULL UNIQUE,
  payment INTEGER NOT NULL REFERENCES sandbox_payments(id), amount INTEGER NOT NULL CHECK (amount > 0)
) STRICT;
CREATE TABLE sandbox_messages (
  id INTEGER PRIMARY KEY, event_id TEXT NOT NULL, body TEXT NOT NULL,
  due_at INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, sent_at INTEGER
) STRICT;
CREATE INDEX sandbox_messages_due ON sandbox_messages (due_at) WHERE sent_at IS NULL;

-- Money that was recorded before there were payments: each order's as one by hand.
INSERT INTO payments (order_id, provider, state, at_once, amount, currency, captured, refunded, created_at, updated_at)
SELECT id, 0, 5, 1, paid, currency, paid, refunded, ifnull(updated_at, placed_at), ifnull(updated_at, placed_at)
FROM orders WHERE paid > 0 AND imported_at IS NULL;
INSERT INTO refunds (order_id, payment_id, state, source, amount, currency, reason, created_at, ended_at)
SELECT o.id, p.id, 1, 0, o.refunded, o.currency, 'refunded', ifnull(o.refunded_at, p.updated_at), ifnull(o.refunded_at, p.updated_at)
FROM orders o LEFT JOIN payments p ON p.order_id = o.id WHERE o.refunded > 0;
