-- The list of who is signed in goes along the moments of last use.
CREATE INDEX sessions_open ON sessions (seen_at) WHERE ended_at IS NULL;
