//! What must be true of shipments and returns, and of what their orders show of them.

use crate::store::invariants::Check;

pub(super) const CHECKS: &[Check] = &[
    Check {
        // What was given back for before it left is not sent as well. Each line is looked at once, at its first row.
        name: "shipment.quantity",
        sql: "SELECT 'line ' || id, 'at most ' || quantity, shipped + dropped
          FROM (SELECT l.id, l.quantity,
              (SELECT ifnull(sum(o.quantity), 0) FROM shipment_lines o WHERE o.line_id = l.id) AS shipped,
              (SELECT ifnull(sum(f.unshipped), 0) FROM refund_lines f JOIN refunds r ON r.id = f.refund_id
               WHERE f.line_id = l.id AND r.state < 2) AS dropped
            FROM shipment_lines s JOIN order_lines l ON l.id = s.line_id
            WHERE s.id = (SELECT min(o.id) FROM shipment_lines o WHERE o.line_id = s.line_id))
          WHERE shipped + dropped > quantity",
    },
    Check {
        name: "shipment.line",
        sql: "SELECT 'shipment ' || s.id, 'goods of order ' || s.order_id, 'line ' || l.line_id
          FROM shipments s JOIN shipment_lines l ON l.id > s.id << 12 AND l.id < (s.id + 1) << 12
          JOIN order_lines o ON o.id = l.line_id
          WHERE o.order_id <> s.order_id OR o.variant_id IS NULL",
    },
    Check {
        name: "shipment.lines",
        sql: "SELECT 'shipment ' || s.id, 'some lines', 'none'
          FROM shipments s
          WHERE NOT EXISTS (SELECT 1 FROM shipment_lines l WHERE l.id > s.id << 12 AND l.id < (s.id + 1) << 12)",
    },
    Check {
        // An order may have left whole before there were shipments, or elsewhere. What was not sent because its money went
        // back, and then did not, is still to leave: that moves no order back.
        name: "order.shipped",
        sql: "SELECT 'order ' || id, iif(parcels = 0, 'none of it left', iif(open > 0, 'some to leave', 'none to leave')),
            'fulfilment ' || fulfilment_status
          FROM (SELECT o.id, o.fulfilment_status, o.imported_at IS NOT NULL AS imported,
              (SELECT count(*) FROM shipments s WHERE s.order_id = o.id) AS parcels,
              (SELECT sum(l.quantity) FROM order_lines l
               WHERE l.id > o.id << 12 AND l.id < (o.id + 1) << 12 AND l.variant_id IS NOT NULL)
              - (SELECT ifnull(sum(l.quantity), 0) FROM shipments s
                 JOIN shipment_lines l ON l.id > s.id << 12 AND l.id < (s.id + 1) << 12
                 WHERE s.order_id = o.id)
              - (SELECT ifnull(sum(l.unshipped), 0) FROM refunds r
                 JOIN refund_lines l ON l.id > r.id << 12 AND l.id < (r.id + 1) << 12
                 WHERE r.order_id = o.id AND r.state < 2) AS open,
              EXISTS (SELECT 1 FROM refunds r
                JOIN refund_lines l ON l.id > r.id << 12 AND l.id < (r.id + 1) << 12
                WHERE r.order_id = o.id AND r.state = 2 AND l.unshipped > 0) AS owed_again
            FROM orders o
            WHERE o.fulfilment_status = 1 OR EXISTS (SELECT 1 FROM shipments s WHERE s.order_id = o.id))
          WHERE CASE fulfilment_status
            WHEN 0 THEN parcels > 0
            WHEN 1 THEN (parcels = 0 AND NOT imported) OR open <= 0
            ELSE open > 0 AND NOT owed_again END",
    },
    Check {
        name: "return.quantity",
        sql: "SELECT 'line ' || id, 'at most ' || shipped, returned
          FROM (SELECT l.id,
              iif(EXISTS (SELECT 1 FROM shipments s WHERE s.order_id = l.order_id),
                (SELECT ifnull(sum(o.quantity), 0) FROM shipment_lines o WHERE o.line_id = l.id),
                iif((SELECT o.fulfilment_status FROM orders o WHERE o.id = l.order_id) = 2, l.quantity, 0)) AS shipped,
              (SELECT ifnull(sum(iif(r.state = 0, b.quantity, b.received)), 0)
               FROM return_lines b JOIN returns r ON r.id = b.return_id
               WHERE b.line_id = l.id AND r.state < 3) AS returned
            FROM return_lines f JOIN order_lines l ON l.id = f.line_id
            WHERE f.id = (SELECT min(o.id) FROM return_lines o WHERE o.line_id = f.line_id))
          WHERE returned > shipped",
    },
    Check {
        name: "return.line",
        sql: "SELECT 'return ' || r.id, 'goods of order ' || r.order_id, 'line ' || l.line_id
          FROM returns r JOIN return_lines l ON l.id > r.id << 12 AND l.id < (r.id + 1) << 12
          JOIN order_lines o ON o.id = l.line_id
          WHERE o.order_id <> r.order_id OR o.variant_id IS NULL",
    },
    Check {
        name: "return.received",
        sql: "SELECT 'return ' || id, iif(state IN (1, 2), 'something', 'nothing') || ' received', received
          FROM (SELECT r.id, r.state,
              (SELECT ifnull(sum(l.received), 0) FROM return_lines l
               WHERE l.id > r.id << 12 AND l.id < (r.id + 1) << 12) AS received
            FROM returns r)
          WHERE (state IN (1, 2)) <> (received > 0)",
    },
    Check {
        name: "return.refund",
        sql: "SELECT 'return ' || id, iif(state = 2, 'a refund', 'no refund'), refunds
          FROM (SELECT r.id, r.state, r.order_id,
              (SELECT count(*) FROM refunds f WHERE f.return_id = r.id AND f.state < 2 AND f.order_id = r.order_id) AS refunds
            FROM returns r)
          WHERE refunds <> (state = 2)",
    },
    Check {
        name: "order.return_status",
        sql: "SELECT 'order ' || id, expected, return_status
          FROM (SELECT o.id, o.return_status,
              (SELECT ifnull(min(r.state) + 1, 0) FROM returns r WHERE r.order_id = o.id AND r.state < 3) AS expected
            FROM orders o
            WHERE o.return_status <> 0 OR EXISTS (SELECT 1 FROM returns r WHERE r.order_id = o.id))
          WHERE return_status <> expected",
    },
];
