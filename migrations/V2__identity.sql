-- Who may come in: users with roles, one session a login, refresh tokens as hashes only, failed logins by typed name.
CREATE TABLE roles (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE UNIQUE,
  staff INTEGER NOT NULL CHECK (staff IN (0, 1)),
  built_in INTEGER NOT NULL CHECK (built_in IN (0, 1)), version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE role_permissions (
  role_id INTEGER NOT NULL REFERENCES roles(id), permission TEXT NOT NULL,
  PRIMARY KEY (role_id, permission)
) STRICT, WITHOUT ROWID;
INSERT INTO roles (id, name, staff, built_in) VALUES (1, 'admin', 1, 1), (2, 'staff', 1, 1), (3, 'seller', 0, 1), (4, 'customer', 0, 1);
INSERT INTO role_permissions (role_id, permission) VALUES
  (1, '*'),
  (2, 'orders:*'), (2, 'products:*'), (2, 'stock:*'), (2, 'customers:*'), (2, 'customer-groups:*'), (2, 'coupons:*'),
  (2, 'payments:read'), (2, 'events:read'), (2, 'webhooks:read'), (2, 'audit-logs:read'), (2, 'system:read'),
  (3, 'products:own');

CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  username TEXT NOT NULL COLLATE NOCASE UNIQUE, email TEXT NOT NULL COLLATE NOCASE UNIQUE,
  email_verified INTEGER NOT NULL DEFAULT 0 CHECK (email_verified IN (0, 1)),
  name TEXT, phone TEXT, password TEXT NOT NULL,      -- PHC string; bcrypt's for imported users until they sign in
  role_id INTEGER NOT NULL REFERENCES roles(id),
  status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 2),  -- active, invited, suspended
  token_epoch INTEGER NOT NULL DEFAULT 0,             -- raised: every session and token before it is dead
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX users_role ON users (role_id);

CREATE TABLE sessions (
  id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users(id),
  kind INTEGER NOT NULL CHECK (kind IN (0, 1)),       -- token, cookie
  secret BLOB CHECK (secret IS NULL OR length(secret) = 32),  -- SHA-256 of the cookie's value
  token_epoch INTEGER NOT NULL, created_at INTEGER NOT NULL, seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL, ended_at INTEGER, ip BLOB, user_agent TEXT
) STRICT;
CREATE UNIQUE INDEX sessions_secret ON sessions (secret) WHERE secret IS NOT NULL;
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE refresh_tokens (
  id INTEGER PRIMARY KEY, session_id INTEGER NOT NULL REFERENCES sessions(id),
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, used_at INTEGER
) STRICT;
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE TABLE login_failures (                         -- by hash of the typed name, known or not (AUT-03)
  name BLOB PRIMARY KEY CHECK (length(name) = 16),
  failures INTEGER NOT NULL CHECK (failures >= 0), since INTEGER NOT NULL, last_at INTEGER NOT NULL,
  locked_until INTEGER NOT NULL, locks INTEGER NOT NULL, evaluated INTEGER NOT NULL, hour_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_failures_last ON login_failures (last_at);
CREATE TABLE known_devices (                          -- a device that has signed in as that user before is let through
  hash BLOB NOT NULL CHECK (length(hash) = 32), user_id INTEGER NOT NULL REFERENCES users(id),
  created_at INTEGER NOT NULL, seen_at INTEGER NOT NULL,
  PRIMARY KEY (hash, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_devices_user ON known_devices (user_id, seen_at);
