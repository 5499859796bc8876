-- What the shop decides (currency, time zone …), and what the file knows of itself (epoch, demo).
CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO settings (name, value) VALUES
  ('currency', 'EUR'),
  ('time_zone', 'UTC'),
  ('tax_included', '1'),
  ('number_base', '1000'),
  ('numbers_stored', '0'),
  ('demo', '0'),
  ('epoch', lower(hex(randomblob(8))));
