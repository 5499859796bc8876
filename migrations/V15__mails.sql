-- Mails of what has happened: which event each tells of, so that none is told twice, and of which order; the ways to what
-- is due, and to what has failed.
ALTER TABLE mails ADD COLUMN event_id INTEGER;
ALTER TABLE mails ADD COLUMN order_id INTEGER REFERENCES orders(id);
CREATE UNIQUE INDEX mails_event ON mails (event_id, template, recipient) WHERE event_id IS NOT NULL;
CREATE INDEX mails_order  ON mails (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX mails_urgent ON mails (due_at) WHERE state = 0 AND link_id IS NOT NULL;
CREATE INDEX mails_failed ON mails (id) WHERE state = 2;
-- What happened before there were mails is told to nobody.
INSERT INTO marks (name, upto) SELECT 'mails.events', max(id) FROM events HAVING max(id) > 0;
