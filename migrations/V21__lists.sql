-- What the lists of the catalogue and of the stock run along, in each of their sorts. No index here has a column that an
-- order changes, but for two that few orders reach: the last piece of a product, and stock that is nearly gone.
ALTER TABLE products ADD COLUMN is_out INTEGER NOT NULL DEFAULT 1 CHECK (is_out IN (0, 1));  -- no piece of it is there: written where that turns
UPDATE products SET is_out = 0
WHERE EXISTS (SELECT 1 FROM variants v CROSS JOIN stock s ON s.variant_id = v.id
              WHERE v.product_id = products.id AND v.deleted_at IS NULL AND s.available > 0);
CREATE INDEX products_stocked ON products (is_out, status, deleted_at);

-- What has no price stands below everything, whether it is for sale or not: one index a sort, with the status and without.
DROP INDEX products_price;
CREATE INDEX products_price     ON products (status, ifnull(price_from, -1)) WHERE deleted_at IS NULL;
CREATE INDEX products_any_price ON products (ifnull(price_from, -1)) WHERE deleted_at IS NULL;
CREATE INDEX products_any_name  ON products (name COLLATE NOCASE) WHERE deleted_at IS NULL;

DROP INDEX variants_product;
CREATE INDEX variants_product ON variants (product_id, deleted_at);
CREATE INDEX stock_scarce ON stock (available) WHERE available <= 10;
CREATE INDEX orders_ended ON orders (status) WHERE status >= 4;
