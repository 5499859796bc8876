//! Drafts that can be read, and that became the orders they say.

use crate::store::invariants::Check;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "draft.items",
        sql: "SELECT 'draft ' || id, '1 to 1000 lines', ifnull(lines, 'none')
          FROM (SELECT id, json_array_length(asked, '$.items') AS lines FROM drafts)
          WHERE ifnull(lines, 0) NOT BETWEEN 1 AND 1000",
    },
    Check {
        // It became an order in that moment, of the customer it was for.
        name: "draft.order",
        sql: "SELECT 'draft ' || d.id, 'order ' || d.order_id || ' of ' || d.placed_at, ifnull(o.placed_at, 'none')
          FROM drafts d LEFT JOIN orders o ON o.id = d.order_id
          WHERE d.order_id IS NOT NULL
            AND (o.placed_at IS NOT d.placed_at OR o.channel <> 2
              OR (d.customer_id IS NOT NULL AND o.customer_id IS NOT d.customer_id))",
    },
];
