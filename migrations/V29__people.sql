-- What staff know of their customers beside the row that placing reads, the groups that they are in, and the coupons that
-- only some groups may use. Whether a group pays less at all stands among the settings: an order of a shop without such
-- groups asks nothing more.
ALTER TABLE customers ADD COLUMN deleted_at INTEGER;
ALTER TABLE customers ADD COLUMN anonymised_at INTEGER;
CREATE INDEX customers_status  ON customers (status) WHERE deleted_at IS NULL;
CREATE INDEX customers_created ON customers (created_at) WHERE deleted_at IS NULL;

CREATE TABLE customer_details (                       -- no row: nothing is known
  customer_id INTEGER PRIMARY KEY REFERENCES customers(id),
  note TEXT,
  addresses     TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(addresses)),
  custom_fields TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(custom_fields)),
  metadata      TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata))
) STRICT;
CREATE TABLE customer_tags (
  tag_id INTEGER NOT NULL REFERENCES tags(id), customer_id INTEGER NOT NULL REFERENCES customers(id),
  PRIMARY KEY (tag_id, customer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_tags_customer ON customer_tags (customer_id);

CREATE TABLE customer_groups (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE UNIQUE, description TEXT,
  discount INTEGER CHECK (discount BETWEEN 0 AND 100000),               -- thousandths of a percent
  min_orders INTEGER CHECK (min_orders > 0), min_spent INTEGER CHECK (min_spent > 0), tag TEXT COLLATE NOCASE,  -- the rule
  metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata)),
  checked_upto INTEGER NOT NULL DEFAULT 0,            -- the last customer that was held to the rule since it changed
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE customer_group_members (
  group_id INTEGER NOT NULL REFERENCES customer_groups(id), customer_id INTEGER NOT NULL REFERENCES customers(id),
  by_rule INTEGER NOT NULL CHECK (by_rule IN (0, 1)), -- 1: comes and goes with the rule; by hand stays
  added_at INTEGER NOT NULL,
  PRIMARY KEY (group_id, customer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_group_members_customer ON customer_group_members (customer_id);
CREATE TABLE coupon_groups (                          -- none: it is for everybody
  coupon_id INTEGER NOT NULL REFERENCES coupons(id), group_id INTEGER NOT NULL REFERENCES customer_groups(id),
  PRIMARY KEY (coupon_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX coupon_groups_group ON coupon_groups (group_id);
INSERT INTO settings (name, value) VALUES ('selling.groups', '0');

CREATE VIRTUAL TABLE customer_search USING fts5(words, content = '', contentless_delete = 1, tokenize = 'unicode61');
CREATE VIRTUAL TABLE customer_search_terms USING fts5vocab(customer_search, instance);
INSERT INTO marks (name, upto) VALUES ('search.customers', 0), ('groups.events', 0);
