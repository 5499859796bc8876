-- What happened: the events (the outbox), the chained audit, and the keys of requests that must not run twice.
CREATE TABLE events (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, type INTEGER NOT NULL,      -- 1 = order.created
  subject INTEGER NOT NULL, seq INTEGER NOT NULL, data TEXT NOT NULL       -- subject 0: of nothing that exists (order.refused)
) STRICT;
CREATE INDEX events_rare ON events (type, id) WHERE type <> 1;

CREATE TABLE audit (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor_kind INTEGER NOT NULL, actor_id INTEGER,
  action INTEGER NOT NULL, target_kind INTEGER NOT NULL, target_id INTEGER, event_id INTEGER,
  ip BLOB, request_id TEXT, content TEXT,
  digest BLOB NOT NULL CHECK (length(digest) = 32), mac BLOB NOT NULL CHECK (length(mac) = 32)
) STRICT;
CREATE INDEX audit_rare ON audit (target_kind, target_id) WHERE action <> 1;   -- 1 = order.created
CREATE TABLE audit_anchors (id INTEGER PRIMARY KEY, upto INTEGER NOT NULL, mac BLOB NOT NULL) STRICT;
CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit
  WHEN NEW.content IS NOT NULL OR NEW.id IS NOT OLD.id OR NEW.at IS NOT OLD.at OR NEW.actor_kind IS NOT OLD.actor_kind
    OR NEW.actor_id IS NOT OLD.actor_id OR NEW.action IS NOT OLD.action OR NEW.target_kind IS NOT OLD.target_kind
    OR NEW.target_id IS NOT OLD.target_id OR NEW.event_id IS NOT OLD.event_id OR NEW.ip IS NOT OLD.ip
    OR NEW.request_id IS NOT OLD.request_id OR NEW.digest IS NOT OLD.digest OR NEW.mac IS NOT OLD.mac
  BEGIN SELECT raise(ABORT, 'audit rows are fixed'); END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit       -- REPLACE passes it by unless recursive_triggers is ON: it is, everywhere
  WHEN OLD.id > (SELECT ifnull(max(upto), 0) FROM audit_anchors)
  BEGIN SELECT raise(ABORT, 'audit rows are kept'); END;

CREATE TABLE idempotency (
  id INTEGER PRIMARY KEY, key BLOB NOT NULL CHECK (length(key) = 16), fingerprint INTEGER NOT NULL,
  kind INTEGER NOT NULL, resource_id INTEGER NOT NULL, at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX idempotency_key ON idempotency (key);
