-- What is for sale. Stock is a narrow table of its own: the only one that an order changes at random places.
CREATE TABLE categories (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE UNIQUE
) STRICT;
CREATE TABLE tax_classes (                            -- 0, which has no row, is the standard one
  id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE UNIQUE
) STRICT;
CREATE TABLE products (
  id INTEGER PRIMARY KEY, status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 4),  -- draft, pending, approved, rejected, archived
  seller_id INTEGER REFERENCES users(id), category_id INTEGER REFERENCES categories(id),
  tax_class INTEGER NOT NULL DEFAULT 0, name TEXT NOT NULL,
  price_from INTEGER,                                 -- the cheapest variant's, kept by the verbs
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER, version INTEGER NOT NULL DEFAULT 1,
  events INTEGER NOT NULL DEFAULT 1                   -- how many it and its stock have written: the last event's seq
) STRICT;
CREATE INDEX products_seller   ON products (seller_id) WHERE seller_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX products_status   ON products (status, deleted_at);
CREATE INDEX products_category ON products (category_id, status) WHERE deleted_at IS NULL;
CREATE INDEX products_price    ON products (status, price_from) WHERE deleted_at IS NULL;
CREATE INDEX products_name     ON products (status, name COLLATE NOCASE) WHERE deleted_at IS NULL;
CREATE TABLE product_texts (
  product_id INTEGER PRIMARY KEY REFERENCES products(id), description TEXT NOT NULL
) STRICT;
CREATE TABLE variants (
  id INTEGER PRIMARY KEY, product_id INTEGER NOT NULL REFERENCES products(id), sku TEXT NOT NULL, title TEXT,
  price INTEGER CHECK (price >= 0),                   -- NULL: not for sale yet
  weight_g INTEGER CHECK (weight_g >= 0), shelf TEXT,
  low_at INTEGER CHECK (low_at >= 0), deleted_at INTEGER, version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX variants_product ON variants (product_id);
CREATE UNIQUE INDEX variants_sku ON variants (sku) WHERE deleted_at IS NULL;
CREATE INDEX variants_low ON variants (low_at) WHERE low_at IS NOT NULL;
CREATE TABLE stock (                                  -- nothing else may go in
  variant_id INTEGER PRIMARY KEY REFERENCES variants(id),
  available  INTEGER NOT NULL CHECK (available >= 0)
) STRICT;
