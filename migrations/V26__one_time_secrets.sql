-- What a person is told once (an API key, recovery codes, an endpoint's secret) stands sealed in their session until they
-- say that they have it, until the session is over, and for ten minutes at most.
CREATE TABLE one_time_secrets (
  id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
  kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),                  -- API key, recovery codes, endpoint's secret
  target INTEGER NOT NULL,                                             -- whose it is: the key, the user, the endpoint
  sealed BLOB NOT NULL,                                                -- sealed into this row, for this session
  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL CHECK (expires_at > created_at)
) STRICT;
CREATE UNIQUE INDEX one_time_secrets_session ON one_time_secrets (session_id, kind, target);
CREATE INDEX one_time_secrets_expires ON one_time_secrets (expires_at);
