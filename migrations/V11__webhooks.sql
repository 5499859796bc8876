-- Who is told of events, what goes to each, and every attempt at it. The events are the outbox: deliveries are derived
-- from them above a mark per endpoint, which moves in the transaction that inserts them.
CREATE TABLE webhook_endpoints (
  id INTEGER PRIMARY KEY CHECK (id < 4096), version INTEGER NOT NULL DEFAULT 1,
  url TEXT NOT NULL, description TEXT,
  events TEXT NOT NULL CHECK (length(events) > 0),      -- types and whole nouns, parted by blanks: 'order.* customer.created'
  state INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 2),                       -- on, paused, off
  off_reason INTEGER CHECK ((off_reason IS NULL) = (state <> 2)),
  secret BLOB NOT NULL,                                 -- sealed, as is the one before it
  former_secret BLOB, former_until INTEGER CHECK ((former_secret IS NULL) = (former_until IS NULL)),
  mark INTEGER NOT NULL,                                -- the last event that was looked at for it
  recent TEXT NOT NULL DEFAULT '',                      -- the breaker's tallies: minute:tries:failures …
  open_until INTEGER,                                   -- the breaker is open; NULL: closed
  failing_since INTEGER,                                -- the first failure since the last success
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER,
  CHECK (deleted_at IS NULL OR state = 2)
) STRICT;

CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY,                               -- (event_id << 12) + endpoint_id: once for each, in the order of events
  endpoint_id INTEGER NOT NULL REFERENCES webhook_endpoints(id),
  lane INTEGER NOT NULL,                                -- what is sent one after the other: the subject; 0: nothing
  status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 4),                -- pending, failed, waiting, delivered, dead
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),             -- in all
  fresh_from INTEGER NOT NULL DEFAULT 0 CHECK (fresh_from <= attempts),  -- those before the last replay: the schedule begins anew
  due_at INTEGER CHECK ((due_at IS NOT NULL) = (status <= 1)),
  ended_at INTEGER CHECK ((ended_at IS NOT NULL) = (status >= 3)),
  CHECK (id & 4095 = endpoint_id)
) STRICT;
CREATE INDEX deliveries_due   ON deliveries (endpoint_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_lanes ON deliveries (endpoint_id, lane) WHERE status <= 2;
CREATE INDEX deliveries_dead  ON deliveries (endpoint_id) WHERE status = 4;

CREATE TABLE delivery_attempts (
  delivery_id INTEGER NOT NULL REFERENCES deliveries(id), number INTEGER NOT NULL CHECK (number > 0),
  at INTEGER NOT NULL, duration_ms INTEGER NOT NULL,
  failure INTEGER, status INTEGER,                      -- failure NULL: taken
  request TEXT NOT NULL, headers TEXT, response BLOB CHECK (length(response) <= 20000),
  PRIMARY KEY (delivery_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook_replays (                          -- asked for, done in small steps
  id INTEGER PRIMARY KEY, endpoint_id INTEGER NOT NULL REFERENCES webhook_endpoints(id),
  upto INTEGER NOT NULL, last INTEGER NOT NULL,         -- events behind upto, until last
  is_whole INTEGER NOT NULL CHECK (is_whole IN (0, 1)), -- also what was delivered
  created_at INTEGER NOT NULL
) STRICT;
