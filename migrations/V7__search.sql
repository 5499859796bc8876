-- The search index: derived from the tables by the worker, above marks, and never asked alone (what is above a mark is
-- looked at directly). Texts come folded (lower case, no accents, words only), a SKU also as one exact word.
CREATE VIRTUAL TABLE product_search USING fts5(words, skus, content = '', contentless_delete = 1, tokenize = 'unicode61');
CREATE VIRTUAL TABLE order_search USING fts5(words, skus, content = '', contentless_delete = 1, tokenize = 'unicode61');
CREATE TABLE marks (                                  -- how far each derived thing has come
  name TEXT PRIMARY KEY, upto INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO marks (name, upto) VALUES ('search.products', 0), ('search.orders', 0), ('search.events', 0);
