-- What the lists of messages, payments, users and deeds run along when one state of them is asked for. None of these
-- tables' rows of this kind is written by placing an order.
CREATE INDEX inbox_state    ON inbox (state);
CREATE INDEX payments_state ON payments (state);
CREATE INDEX users_status   ON users (status);
CREATE INDEX audit_action   ON audit (action) WHERE action <> 1;        -- 1 = order.created

-- How often a word stands in the search index, which a search asks before it asks for all words that begin so.
CREATE VIRTUAL TABLE order_search_terms USING fts5vocab(order_search, instance);
