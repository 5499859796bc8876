-- Readers of the events whose place the shop keeps: what is given out is leased, and given out again unless it is
-- acknowledged in time.
CREATE TABLE event_consumers (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
  stream INTEGER, type INTEGER,                         -- NULL: all of them
  handed INTEGER NOT NULL CHECK (handed >= 0),          -- the last event that was given out or passed over
  created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE event_leases (                             -- what was given out and is not acknowledged
  id INTEGER PRIMARY KEY, consumer_id INTEGER NOT NULL REFERENCES event_consumers(id),
  token BLOB NOT NULL UNIQUE CHECK (length(token) = 16),
  after INTEGER NOT NULL, upto INTEGER NOT NULL CHECK (upto > after),     -- the events behind one, up to the other
  expires_at INTEGER NOT NULL,
  UNIQUE (consumer_id, after)
) STRICT;
