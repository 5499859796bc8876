//! What can be wrong with pictures, shipments, returns, drafts and edits, as it is planted for the doctor to find: order 3 has been shipped.

pub const PLANTED: &[(&str, &str)] = &[
    (
        "image.position",
        "INSERT INTO product_images (product_id, position, sha256, form, width, height, bytes, small_bytes, alt, created_at)
         VALUES (1, 2, randomblob(32), 0, 1, 1, 1, 1, '', 0)",
    ),
    (
        "image.files",
        "INSERT INTO product_images (product_id, position, sha256, form, width, height, bytes, small_bytes, alt, created_at)
         VALUES (1, 1, randomblob(32), 0, 1, 1, 1, 1, '', 0)",
    ),
    (
        "shipment.quantity",
        "UPDATE shipment_lines SET quantity = quantity + 1 WHERE line_id = (3 << 12) + 1",
    ),
    (
        "shipment.quantity",
        "INSERT INTO refunds (id, order_id, state, source, amount, currency, reason, created_at, ended_at)
         VALUES (9, 3, 1, 0, 1, 'EUR', 'x', 0, 0);
         INSERT INTO refund_lines (id, refund_id, line_id, quantity, amount, restocked, unshipped)
         VALUES ((9 << 12) + 1, 9, (3 << 12) + 1, 1, 1, 0, 1)",
    ),
    (
        "shipment.line",
        "UPDATE shipments SET order_id = 4 WHERE order_id = 3",
    ),
    (
        "shipment.lines",
        "DELETE FROM shipment_lines WHERE line_id >> 12 = 3",
    ),
    (
        "order.shipped",
        "UPDATE orders SET fulfilment_status = 1 WHERE id = 3",
    ),
    (
        "order.shipped",
        "DELETE FROM shipment_lines WHERE line_id = (3 << 12) + 1",
    ),
    (
        "return.quantity",
        "INSERT INTO returns (id, order_id, state, reason, created_at, updated_at) VALUES (1, 3, 0, 'x', 0, 0);
         INSERT INTO return_lines (id, return_id, line_id, quantity) VALUES ((1 << 12) + 1, 1, (3 << 12) + 1, 3)",
    ),
    (
        "return.line",
        "INSERT INTO returns (id, order_id, state, reason, created_at, updated_at) VALUES (1, 3, 0, 'x', 0, 0);
         INSERT INTO return_lines (id, return_id, line_id, quantity) VALUES ((1 << 12) + 1, 1, (4 << 12) + 1, 1)",
    ),
    (
        "return.received",
        "INSERT INTO returns (id, order_id, state, reason, created_at, received_at, updated_at)
         VALUES (1, 3, 1, 'x', 0, 0, 0);
         INSERT INTO return_lines (id, return_id, line_id, quantity) VALUES ((1 << 12) + 1, 1, (3 << 12) + 1, 1)",
    ),
    (
        "return.refund",
        "INSERT INTO returns (id, order_id, state, reason, created_at, received_at, ended_at, updated_at)
         VALUES (1, 3, 2, 'x', 0, 0, 0, 0);
         INSERT INTO return_lines (id, return_id, line_id, quantity, received)
         VALUES ((1 << 12) + 1, 1, (3 << 12) + 1, 1, 1)",
    ),
    ("invoice.replaced", "UPDATE invoices SET replaced_at = 1"),
    (
        "order.contacts_kept",
        "INSERT INTO order_contact_changes (order_id, version) VALUES (1, 9)",
    ),
    (
        "draft.items",
        "INSERT INTO drafts (channel, payment_method, asked, created_at, updated_at) VALUES (0, 0, '{}', 0, 0)",
    ),
    (
        "draft.order",
        "INSERT INTO drafts (channel, payment_method, asked, order_id, placed_at, created_at, updated_at)
         VALUES (0, 0, '{\"items\":[{}]}', 3, 0, 0, 0)",
    ),
    (
        "order.return_status",
        "UPDATE orders SET return_status = 1 WHERE id = 3",
    ),
];
