-- A delivery for which nobody was there to connect to, so that nothing in its message can be why it failed. It stands in for
-- what is due while its endpoint is away. As soon as something has got through, these and the first of what had to wait for
-- that go out, one after the other.
ALTER TABLE deliveries ADD COLUMN is_unmet INTEGER NOT NULL DEFAULT 0 CHECK (is_unmet IN (0, 1));
CREATE INDEX deliveries_unmet ON deliveries (endpoint_id, id) WHERE is_unmet = 1 AND status <= 1;
-- What came of the attempts of each hour at an endpoint; a day of them is shown.
CREATE TABLE delivery_hours (
  endpoint_id INTEGER NOT NULL REFERENCES webhook_endpoints(id), hour INTEGER NOT NULL,         -- since 1970
  taken INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (endpoint_id, hour)
) STRICT, WITHOUT ROWID;
