-- What the books of payments, the orders and the providers' own lists say of each other (MON-09). It is told, and nothing
-- is moved: people decide.
CREATE TABLE reconciliations (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, since INTEGER NOT NULL, -- payments begun before that were not compared
  compared INTEGER NOT NULL, found INTEGER NOT NULL,
  failure TEXT                                                         -- a provider that did not answer
) STRICT;

CREATE TABLE payment_differences (
  id INTEGER PRIMARY KEY CHECK (id < 1 << 40),
  kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 5),                  -- unknown, missing, kept, currency, paid, refunded
  provider INTEGER NOT NULL CHECK (provider BETWEEN 0 AND 4),
  name TEXT NOT NULL,                                                  -- what it is about: the provider's name for it, or an order
  payment_id INTEGER REFERENCES payments(id), order_id INTEGER REFERENCES orders(id),
  currency TEXT NOT NULL, ours INTEGER NOT NULL, theirs INTEGER NOT NULL,
  at INTEGER NOT NULL,                                                 -- of the money it is about
  first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, gone_at INTEGER
) STRICT;
CREATE UNIQUE INDEX payment_differences_open ON payment_differences (provider, kind, name) WHERE gone_at IS NULL;
