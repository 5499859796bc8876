-- Keys by which programs act for a user, as hashes only. What one may do is held to its owner's rights at each request.
CREATE TABLE api_keys (
  id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users(id),
  name TEXT NOT NULL, hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
  used_at INTEGER, ended_at INTEGER
) STRICT;
CREATE INDEX api_keys_user ON api_keys (user_id);
CREATE TABLE api_key_permissions (
  key_id INTEGER NOT NULL REFERENCES api_keys(id), permission TEXT NOT NULL,
  PRIMARY KEY (key_id, permission)
) STRICT, WITHOUT ROWID;
