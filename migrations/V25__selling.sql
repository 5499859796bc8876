-- What makes an order cheaper or dearer than its goods: coupons with their uses, ways of sending, taxes; and the taxes of
-- each order as they were. Whether there are ways of sending and taxes at all stands among the settings, so that an order
-- of a shop without them asks nothing more.
CREATE TABLE coupons (
  id INTEGER PRIMARY KEY, code TEXT NOT NULL,
  kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),                   -- percentage, fixed, free_shipping
  value INTEGER NOT NULL CHECK (value >= 0),                            -- thousandths of a percent, minor units, 0
  most INTEGER CHECK (most > 0), most_each INTEGER CHECK (most_each > 0),                 -- uses: of all, of one customer
  min_subtotal INTEGER CHECK (min_subtotal >= 0),
  starts_at INTEGER, ends_at INTEGER CHECK (ends_at > starts_at),
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  used INTEGER NOT NULL DEFAULT 0 CHECK (used >= 0),
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER, version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE UNIQUE INDEX coupons_code ON coupons (code) WHERE deleted_at IS NULL;
CREATE TABLE coupon_products (                        -- none: it is good for everything
  coupon_id INTEGER NOT NULL REFERENCES coupons(id), product_id INTEGER NOT NULL REFERENCES products(id),
  PRIMARY KEY (coupon_id, product_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE coupon_uses (                            -- of coupons that count their customers
  coupon_id INTEGER NOT NULL REFERENCES coupons(id), customer_id INTEGER NOT NULL REFERENCES customers(id),
  used INTEGER NOT NULL CHECK (used >= 0),
  PRIMARY KEY (coupon_id, customer_id)
) STRICT, WITHOUT ROWID;
ALTER TABLE carts ADD COLUMN coupon_id INTEGER REFERENCES coupons(id);

CREATE TABLE shipping_methods (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL,
  countries TEXT NOT NULL,                            -- parted by blanks; none: everywhere
  tariff INTEGER NOT NULL CHECK (tariff BETWEEN 0 AND 2),               -- flat, by weight, by total
  bands TEXT NOT NULL,                                -- edge:price, parted by blanks; of a flat one 0:price
  tax_class INTEGER,                                  -- NULL: the standard one
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER, version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE tax_rates (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL,
  country TEXT NOT NULL CHECK (country GLOB '[A-Z][A-Z]'), tax_class INTEGER NOT NULL,    -- 0: the standard one
  percent INTEGER NOT NULL CHECK (percent BETWEEN 0 AND 100000),        -- thousandths
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE UNIQUE INDEX tax_rates_of ON tax_rates (country, tax_class);
CREATE TABLE order_taxes (
  order_id INTEGER NOT NULL REFERENCES orders(id), tax_class INTEGER NOT NULL, percent INTEGER NOT NULL,
  name TEXT NOT NULL, net INTEGER NOT NULL CHECK (net >= 0), tax INTEGER NOT NULL CHECK (tax >= 0),
  PRIMARY KEY (order_id, tax_class, percent)
) STRICT, WITHOUT ROWID;
INSERT INTO settings (name, value) VALUES ('selling.methods', '0'), ('selling.taxes', '0');
