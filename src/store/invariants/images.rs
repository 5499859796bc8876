//! Pictures that stand in a row.

use crate::store::invariants::Check;

pub(super) const CHECKS: &[Check] = &[Check {
    name: "image.position",
    sql: "SELECT 'product ' || product_id, '1 to ' || count(*), group_concat(position)
      FROM product_images
      GROUP BY product_id
      HAVING min(position) <> 1 OR max(position) <> count(*) OR count(DISTINCT position) <> count(*)",
}];
