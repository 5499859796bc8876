-- Pictures of products: what is known of each. They lie beside the file, under names made of their content.
CREATE TABLE product_images (
  id INTEGER PRIMARY KEY, product_id INTEGER NOT NULL REFERENCES products(id),
  position INTEGER NOT NULL CHECK (position BETWEEN 1 AND 20),
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),   -- of the large one's bytes
  form INTEGER NOT NULL CHECK (form IN (0, 1)),       -- JPEG, WebP
  width INTEGER NOT NULL CHECK (width BETWEEN 1 AND 1600), height INTEGER NOT NULL CHECK (height BETWEEN 1 AND 1600),
  bytes INTEGER NOT NULL CHECK (bytes > 0), small_bytes INTEGER NOT NULL CHECK (small_bytes > 0),
  alt TEXT NOT NULL, created_at INTEGER NOT NULL,
  UNIQUE (product_id, sha256)
) STRICT;
CREATE INDEX product_images_sha256 ON product_images (sha256);
