-- How people prove who they are beyond a password: one-time links, second factors with recovery codes, sign-ins that wait
-- for one, when a session last proved itself, and the mails that carry links until something sends them.
INSERT INTO settings (name, value)
SELECT 'staff.second_factor', iif(value = '1', '0', '1') FROM settings WHERE name = 'demo';

ALTER TABLE sessions ADD COLUMN proved_at INTEGER NOT NULL DEFAULT 0;  -- the sign-in, or the last step-up
ALTER TABLE users ADD COLUMN password_at INTEGER NOT NULL DEFAULT 0;   -- when it was last chosen, not hashed anew

CREATE TABLE links (
  id INTEGER PRIMARY KEY,
  purpose INTEGER NOT NULL CHECK (purpose BETWEEN 0 AND 3),            -- setup, invitation, reset, address
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),                 -- keyed by the purpose: no link passes for another
  user_id INTEGER REFERENCES users(id), email TEXT COLLATE NOCASE,     -- the address that it proves
  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, used_at INTEGER,
  CHECK ((purpose = 0) = (user_id IS NULL)), CHECK ((purpose = 3) = (email IS NOT NULL)),
  CHECK (used_at IS NULL OR used_at BETWEEN created_at AND expires_at)
) STRICT;
CREATE INDEX links_user ON links (user_id, purpose, created_at);

CREATE TABLE factors (
  id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL UNIQUE REFERENCES users(id),
  seed BLOB NOT NULL,                                                  -- sealed into this row
  created_at INTEGER NOT NULL, confirmed_at INTEGER,
  last_step INTEGER NOT NULL DEFAULT 0                                 -- codes up to this step have been used
) STRICT;
CREATE TABLE recovery_codes (
  hash BLOB PRIMARY KEY CHECK (length(hash) = 32), user_id INTEGER NOT NULL REFERENCES users(id),
  created_at INTEGER NOT NULL, used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX recovery_codes_user ON recovery_codes (user_id);

CREATE TABLE pending_sign_ins (                                        -- the password was right, the code is awaited
  id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  user_id INTEGER NOT NULL REFERENCES users(id), token_epoch INTEGER NOT NULL,
  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  used_at INTEGER, session_id INTEGER REFERENCES sessions(id) ON DELETE CASCADE,
  code BLOB CHECK (code IS NULL OR length(code) = 32),                 -- of the code that opened it: its repetition is known
  CHECK ((used_at IS NULL) = (session_id IS NULL)), CHECK ((used_at IS NULL) = (code IS NULL))
) STRICT;
CREATE INDEX pending_sign_ins_expires ON pending_sign_ins (expires_at);
CREATE INDEX pending_sign_ins_user ON pending_sign_ins (user_id);
CREATE INDEX pending_sign_ins_session ON pending_sign_ins (session_id) WHERE session_id IS NOT NULL;

CREATE TABLE mails (
  id INTEGER PRIMARY KEY,
  template INTEGER NOT NULL, recipient TEXT NOT NULL, user_id INTEGER REFERENCES users(id),
  facts TEXT NOT NULL CHECK (json_valid(facts)),                       -- what the template fills in; no secrets
  link_id INTEGER REFERENCES links(id), sealed BLOB,                   -- the secret of its link, sealed into this row
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),                -- queued, sent, failed
  created_at INTEGER NOT NULL, due_at INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  sent_at INTEGER, failure TEXT,
  CHECK ((link_id IS NULL) = (sealed IS NULL)), CHECK ((state = 1) = (sent_at IS NOT NULL))
) STRICT;
CREATE INDEX mails_due ON mails (due_at) WHERE state = 0;
CREATE INDEX mails_user ON mails (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX mails_link ON mails (link_id) WHERE link_id IS NOT NULL;
