//! Orders that add up: sums, states, moments and histories. Each statement walks the orders by id, and their lines and
//! changes by the ids that carry the order's.

use crate::store::invariants::Check;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "order.total",
        sql: "SELECT 'order ' || id, subtotal - discount + shipping + iif(tax_included, 0, tax), total
          FROM orders
          WHERE total <> subtotal - discount + shipping + iif(tax_included, 0, tax)",
    },
    Check {
        name: "order.subtotal",
        sql: "SELECT 'order ' || id, lines, subtotal
          FROM (SELECT o.id, o.subtotal, (
              SELECT ifnull(sum(l.quantity * l.unit_price), 0) FROM order_lines l
              WHERE l.id > o.id << 12 AND l.id < (o.id + 1) << 12) AS lines
            FROM orders o)
          WHERE subtotal <> lines",
    },
    Check {
        name: "order.discount",
        sql: "SELECT 'order ' || id, lines, discount
          FROM (SELECT o.id, o.discount, (
              SELECT ifnull(sum(l.discount), 0) FROM order_lines l
              WHERE l.id > o.id << 12 AND l.id < (o.id + 1) << 12) AS lines
            FROM orders o)
          WHERE discount <> lines",
    },
    Check {
        // Shipping is taxed beside the lines.
        name: "order.tax",
        sql: "SELECT 'order ' || id, lines, tax
          FROM (SELECT o.id, o.tax, o.shipping, (
              SELECT ifnull(sum(l.tax), 0) FROM order_lines l
              WHERE l.id > o.id << 12 AND l.id < (o.id + 1) << 12) AS lines
            FROM orders o)
          WHERE lines > tax OR (shipping = 0 AND lines <> tax)",
    },
    Check {
        name: "order.taxes",
        sql: "SELECT 'order ' || id, sums, tax
          FROM (SELECT o.id, o.tax, (SELECT sum(t.tax) FROM order_taxes t WHERE t.order_id = o.id) AS sums FROM orders o)
          WHERE tax <> sums",
    },
    Check {
        // A canceled order has given its use back.
        name: "coupon.used",
        sql: "SELECT 'coupon ' || c.id, ifnull(o.uses, 0), c.used
          FROM coupons c LEFT JOIN (
            SELECT coupon_id, count(*) AS uses FROM orders WHERE coupon_id IS NOT NULL AND status <> 4 GROUP BY coupon_id
          ) o ON o.coupon_id = c.id
          WHERE c.used <> ifnull(o.uses, 0)",
    },
    Check {
        name: "order.item_count",
        sql: "SELECT 'order ' || id, lines, item_count
          FROM (SELECT o.id, o.item_count, (
              SELECT ifnull(sum(l.quantity), 0) FROM order_lines l
              WHERE l.id > o.id << 12 AND l.id < (o.id + 1) << 12 AND l.variant_id IS NOT NULL) AS lines
            FROM orders o)
          WHERE item_count <> lines",
    },
    Check {
        name: "order.lines",
        sql: "SELECT 'order ' || o.id, 'at least one line', 'none'
          FROM orders o
          WHERE NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.id > o.id << 12 AND l.id < (o.id + 1) << 12)",
    },
    Check {
        name: "line.total",
        sql: "SELECT 'line ' || id, quantity * unit_price - discount, total
          FROM order_lines
          WHERE total <> quantity * unit_price - discount",
    },
    Check {
        name: "line.order",
        sql: "SELECT 'line ' || id, id >> 12, order_id FROM order_lines WHERE id >> 12 <> order_id",
    },
    Check {
        name: "line.variant",
        sql: "SELECT 'line ' || l.id, v.product_id, l.product_id
          FROM order_lines l LEFT JOIN variants v ON v.id = l.variant_id
          WHERE l.product_id IS NOT v.product_id",
    },
    Check {
        name: "order.refunded",
        sql: "SELECT 'order ' || id, 'at most ' || paid, refunded FROM orders WHERE refunded > paid",
    },
    Check {
        // The payments of an imported order are elsewhere.
        name: "order.paid",
        sql: "SELECT 'order ' || id, taken, paid
          FROM (SELECT o.id, o.paid, (SELECT ifnull(sum(p.captured), 0) FROM payments p WHERE p.order_id = o.id) AS taken
            FROM orders o WHERE o.imported_at IS NULL)
          WHERE paid <> taken",
    },
    Check {
        name: "order.given_back",
        sql: "SELECT 'order ' || id, given, refunded
          FROM (SELECT o.id, o.refunded,
              (SELECT ifnull(sum(r.amount), 0) FROM refunds r WHERE r.order_id = o.id AND r.state < 2) AS given
            FROM orders o WHERE o.imported_at IS NULL)
          WHERE refunded <> given",
    },
    Check {
        name: "payment.refunded",
        sql: "SELECT 'payment ' || id, given, refunded
          FROM (SELECT p.id, p.refunded,
              (SELECT ifnull(sum(r.amount), 0) FROM refunds r WHERE r.payment_id = p.id AND r.state < 2) AS given
            FROM payments p)
          WHERE refunded <> given",
    },
    Check {
        name: "payment.tasks",
        sql: "SELECT 'refund ' || r.id, 'a task to ask for it', 'none'
          FROM refunds r
          WHERE r.state = 0 AND NOT EXISTS (SELECT 1 FROM payment_tasks t WHERE t.refund_id = r.id)",
    },
    Check {
        name: "order.payment_status",
        sql: "SELECT 'order ' || id, expected, payment_status
          FROM (SELECT id, payment_status, CASE
              WHEN paid > 0 AND refunded = paid THEN 6
              WHEN refunded > 0 THEN 5
              WHEN paid >= total THEN 4
              WHEN paid > 0 THEN 3
              ELSE iif(payment_status IN (0, 1, 2), payment_status, 0) END AS expected
            FROM orders)
          WHERE payment_status <> expected",
    },
    Check {
        name: "order.fulfilment_status",
        sql: "SELECT 'order ' || id, iif(status IN (2, 3, 5), 'fulfilled', 'not fulfilled'), fulfilment_status
          FROM orders
          WHERE (status IN (2, 3, 5) AND fulfilment_status <> 2) OR (status IN (0, 1) AND fulfilment_status = 2)",
    },
    Check {
        name: "order.moment_of_status",
        sql: "SELECT 'order ' || id, 'the moment of its status alone', 'status ' || status
          FROM orders
          WHERE CASE status
            WHEN 0 THEN coalesce(processing_at, shipped_at, delivered_at, canceled_at, refunded_at) IS NOT NULL
            WHEN 1 THEN processing_at IS NULL
              OR coalesce(shipped_at, delivered_at, canceled_at, refunded_at) IS NOT NULL
            WHEN 2 THEN shipped_at IS NULL OR coalesce(delivered_at, canceled_at, refunded_at) IS NOT NULL
            WHEN 3 THEN delivered_at IS NULL OR coalesce(canceled_at, refunded_at) IS NOT NULL
            WHEN 4 THEN canceled_at IS NULL OR coalesce(delivered_at, refunded_at) IS NOT NULL
            ELSE refunded_at IS NULL OR canceled_at IS NOT NULL END",
    },
    Check {
        name: "order.moments_in_order",
        sql: "SELECT 'order ' || id, 'one after the other', 'not'
          FROM orders
          WHERE processing_at < placed_at OR shipped_at < ifnull(processing_at, placed_at)
            OR delivered_at < ifnull(shipped_at, placed_at) OR canceled_at < placed_at
            OR refunded_at < ifnull(delivered_at, placed_at) OR updated_at < placed_at",
    },
    Check {
        name: "order.history",
        sql: "SELECT 'order ' || id, 'versions 2 to ' || version, changes || ' up to ' || last
          FROM (SELECT o.id, o.version,
              (SELECT count(*) FROM order_changes c WHERE c.id > o.id << 12 AND c.id < (o.id + 1) << 12) AS changes,
              (SELECT ifnull(max(c.version), 1) FROM order_changes c
               WHERE c.id > o.id << 12 AND c.id < (o.id + 1) << 12) AS last
            FROM orders o)
          WHERE changes <> version - 1 OR last <> version",
    },
    Check {
        name: "change.order",
        sql: "SELECT 'change ' || id, (order_id << 12) + version, id
          FROM order_changes
          WHERE id <> (order_id << 12) + version",
    },
    Check {
        name: "order.contacts",
        sql: "SELECT 'order ' || o.id, 'its contacts', 'none'
          FROM orders o
          WHERE o.imported_at IS NULL AND NOT EXISTS (SELECT 1 FROM order_contacts c WHERE c.order_id = o.id)",
    },
    Check {
        name: "order.contacts_kept",
        sql: "SELECT 'order ' || k.order_id, 'an edit that led to version ' || k.version, 'none'
          FROM order_contact_changes k
          WHERE NOT EXISTS (
            SELECT 1 FROM order_changes c WHERE c.id = (k.order_id << 12) + k.version AND c.action = 17)",
    },
    Check {
        name: "order.user",
        sql: "SELECT 'order ' || o.id, 'a user', 'user ' || o.user_id
          FROM orders o
          WHERE o.user_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = o.user_id)",
    },
    Check {
        name: "order.currency",
        sql: "SELECT 'order ' || id, (SELECT value FROM settings WHERE name = 'currency'), currency
          FROM orders
          WHERE currency IS NOT (SELECT value FROM settings WHERE name = 'currency')",
    },
    Check {
        // A number that is not stored is 1000 + id: no stored one may read the same.
        name: "order.number",
        sql: "SELECT 'order ' || s.id, 'a number of its own', s.number || ' is that of order ' || o.id
          FROM orders s JOIN orders o ON o.id = CAST(s.number AS INTEGER) - 1000
          WHERE s.number IS NOT NULL AND o.number IS NULL AND CAST(o.id + 1000 AS TEXT) = s.number",
    },
];
