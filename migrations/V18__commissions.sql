-- What sellers get of what is sold for them: a row a line, made with the order; what changes it afterwards is a row that undoes a part.
CREATE TABLE payouts (
  id INTEGER PRIMARY KEY, state INTEGER NOT NULL CHECK (state IN (0, 1)),        -- open, done
  upto INTEGER NOT NULL,                              -- the newest commission that may be in it
  rows INTEGER NOT NULL DEFAULT 0 CHECK (rows >= 0), amount INTEGER NOT NULL DEFAULT 0,
  reference TEXT, created_by INTEGER, created_at INTEGER NOT NULL, ended_at INTEGER,
  CHECK ((state = 1) = (ended_at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX payouts_open ON payouts (state) WHERE state = 0;   -- one at a time
CREATE TABLE payout_sellers (
  payout_id INTEGER NOT NULL REFERENCES payouts(id), seller_id INTEGER NOT NULL REFERENCES users(id),
  rows INTEGER NOT NULL DEFAULT 0, amount INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (payout_id, seller_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE commissions (
  id INTEGER PRIMARY KEY, seller_id INTEGER NOT NULL REFERENCES users(id),
  order_id INTEGER NOT NULL REFERENCES orders(id), line_id INTEGER NOT NULL REFERENCES order_lines(id),
  rate INTEGER NOT NULL CHECK (rate BETWEEN 0 AND 100000),              -- the shop's part, in thousandths of a percent
  amount INTEGER NOT NULL,                                              -- the seller's
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),                 -- pending, approved, paid, reversed
  reverses INTEGER REFERENCES commissions(id),                          -- NULL: what the line brought
  payout_id INTEGER REFERENCES payouts(id),
  at INTEGER NOT NULL, approved_at INTEGER, ended_at INTEGER,           -- paid, or reversed
  CHECK (line_id >> 12 = order_id), CHECK (reverses IS NOT NULL OR amount >= 0),
  CHECK ((state = 2) = (payout_id IS NOT NULL)), CHECK ((state >= 2) = (ended_at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX commissions_line ON commissions (line_id) WHERE reverses IS NULL;
CREATE INDEX commissions_order  ON commissions (order_id);
CREATE INDEX commissions_seller ON commissions (seller_id, state, at, amount);
CREATE INDEX commissions_payout ON commissions (payout_id) WHERE payout_id IS NOT NULL;

CREATE TABLE commission_rates (                       -- where a seller has another rate than the shop's
  seller_id INTEGER PRIMARY KEY REFERENCES users(id), rate INTEGER NOT NULL CHECK (rate BETWEEN 0 AND 100000)
) STRICT;
