-- What each day of the shop's calendar has sold: derived by the worker from orders, refunds and credit notes, above marks.
-- Never asked alone: a day in which something has changed since the marks is added up from its rows.
CREATE TABLE day_sums (
  day_from INTEGER PRIMARY KEY, day_until INTEGER NOT NULL CHECK (day_until > day_from),
  pending INTEGER NOT NULL, processing INTEGER NOT NULL, shipped INTEGER NOT NULL, delivered INTEGER NOT NULL,
  canceled INTEGER NOT NULL, refunded_orders INTEGER NOT NULL,        -- orders placed then, as they stand
  items INTEGER NOT NULL, gross INTEGER NOT NULL, refunded INTEGER NOT NULL
) STRICT;
CREATE TABLE sums_upto (
  one INTEGER PRIMARY KEY CHECK (one = 1), zone TEXT NOT NULL,
  until INTEGER NOT NULL,                             -- every day before it has its sums; one without a row has sold nothing
  orders INTEGER NOT NULL, events INTEGER NOT NULL, credit_notes INTEGER NOT NULL   -- the newest of each that they know
) STRICT;
CREATE INDEX refunds_created ON refunds (created_at);
CREATE INDEX orders_given_back ON orders (ifnull(refunded_at, placed_at)) WHERE refunded > 0 AND imported_at IS NOT NULL;
