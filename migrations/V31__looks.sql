-- What a list of one state, or of what owes, is filtered by besides stands beside it in the index, in the order of the list:
-- whether a row fits is told without a look at the row, which lies elsewhere. All of it is small; placing an order still
-- appends to both.
DROP INDEX orders_open;
DROP INDEX orders_ended;
DROP INDEX orders_owing;
CREATE INDEX orders_open  ON orders (status, id, payment_status, fulfilment_status, customer_id, total) WHERE status <= 2;
CREATE INDEX orders_ended ON orders (status, id, payment_status, fulfilment_status, customer_id, total) WHERE status >= 4;
CREATE INDEX orders_owing ON orders (payment_status, id, status, fulfilment_status, customer_id, total)
  WHERE payment_status <= 3 AND status <= 3;

-- Which words of products begin in one way: a search asks for those by name, where they are few.
CREATE VIRTUAL TABLE product_search_terms USING fts5vocab(product_search, instance);
