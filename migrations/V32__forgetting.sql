-- Forgetting a person for good: work that goes on in short steps; and of each row of the audit that has lost a part by it
-- the proof that the shop itself took that away. What was noted stays proved by its digest, which the chain goes on from.
CREATE TABLE forgettings (
  id INTEGER PRIMARY KEY,
  audit_id INTEGER NOT NULL UNIQUE,                     -- the row that tells by whom, and why
  event_id INTEGER NOT NULL,                            -- the last event of that time: what came later tells nothing personal
  customers TEXT NOT NULL CHECK (json_valid(customers)),                -- every record of the person
  user_id INTEGER REFERENCES users(id),
  words TEXT CHECK (json_valid(words)),                 -- what free text is searched for, while that lasts
  stage INTEGER NOT NULL CHECK (stage BETWEEN 0 AND 9), -- orders, account, audit, events, inbox, mails, two indexes, free pages, done
  upto INTEGER NOT NULL DEFAULT 0,                      -- how far the stage has come
  created_at INTEGER NOT NULL, ended_at INTEGER,
  CHECK ((stage = 9) = (ended_at IS NOT NULL)), CHECK ((stage = 9) = (words IS NULL))
) STRICT;
CREATE INDEX forgettings_open ON forgettings (id) WHERE ended_at IS NULL;

CREATE TABLE freed_pages (                              -- takes pages that were freed, so that they are overwritten
  id INTEGER PRIMARY KEY, filler BLOB NOT NULL
) STRICT;

CREATE TABLE audit_redactions (
  audit_id INTEGER PRIMARY KEY,
  told_by INTEGER NOT NULL CHECK (told_by > audit_id),  -- the row that tells by whom, and why
  mac BLOB NOT NULL CHECK (length(mac) = 32)            -- of what was noted and of what is left, by the chain's key
) STRICT;

-- What a row holds of a person may go, and nothing may come in its place.
DROP TRIGGER audit_fixed;
CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit
  WHEN (NEW.content IS NOT NULL AND NEW.content IS NOT OLD.content) OR (NEW.ip IS NOT NULL AND NEW.ip IS NOT OLD.ip)
    OR NEW.id IS NOT OLD.id OR NEW.at IS NOT OLD.at OR NEW.actor_kind IS NOT OLD.actor_kind
    OR NEW.actor_id IS NOT OLD.actor_id OR NEW.action IS NOT OLD.action OR NEW.target_kind IS NOT OLD.target_kind
    OR NEW.target_id IS NOT OLD.target_id OR NEW.event_id IS NOT OLD.event_id
    OR NEW.request_id IS NOT OLD.request_id OR NEW.digest IS NOT OLD.digest OR NEW.mac IS NOT OLD.mac
  BEGIN SELECT raise(ABORT, 'audit rows are fixed'); END;
DROP TRIGGER transfers_fixed;
CREATE TRIGGER transfers_fixed BEFORE UPDATE ON transfers
  WHEN NEW.reason IS NOT NULL OR NEW.id IS NOT OLD.id OR NEW.key IS NOT OLD.key OR NEW.debit IS NOT OLD.debit
    OR NEW.credit IS NOT OLD.credit OR NEW.amount IS NOT OLD.amount OR NEW.kind IS NOT OLD.kind
    OR NEW.balance IS NOT OLD.balance OR NEW.order_id IS NOT OLD.order_id OR NEW.reverses IS NOT OLD.reverses
    OR NEW.actor_id IS NOT OLD.actor_id OR NEW.at IS NOT OLD.at
  BEGIN SELECT RAISE(ABORT, 'a transfer is never changed'); END;
