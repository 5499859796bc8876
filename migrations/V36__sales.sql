-- A seller's sales, newest first: the commissions that lines have brought, without those that undo a part.
CREATE INDEX commissions_sales ON commissions (seller_id, id) WHERE reverses IS NULL;
