//! What must hold of everything but orders: the catalogue, stock, people, keys, events, derived marks, settings.

use crate::store::invariants::Check;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "product.price_from",
        sql: "SELECT 'product ' || id, cheapest, price_from
          FROM (SELECT p.id, p.price_from, (
              SELECT min(v.price) FROM variants v WHERE v.product_id = p.id AND v.deleted_at IS NULL) AS cheapest
            FROM products p WHERE p.deleted_at IS NULL)
          WHERE price_from IS NOT cheapest",
    },
    Check {
        name: "product.variants",
        sql: "SELECT 'product ' || p.id, 'at least one variant', 'none'
          FROM products p
          WHERE p.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM variants v WHERE v.product_id = p.id)",
    },
    Check {
        name: "product.is_out",
        sql: "SELECT 'product ' || id, is_out, found
          FROM (SELECT p.id, p.is_out AS found, NOT EXISTS (
              SELECT 1 FROM variants v CROSS JOIN stock s ON s.variant_id = v.id
              WHERE v.product_id = p.id AND v.deleted_at IS NULL AND s.available > 0) AS is_out
            FROM products p WHERE p.deleted_at IS NULL)
          WHERE is_out <> found",
    },
    Check {
        name: "variant.stock",
        sql: "SELECT 'variant ' || v.id, 'a row of stock', 'none'
          FROM variants v
          WHERE NOT EXISTS (SELECT 1 FROM stock s WHERE s.variant_id = v.id)",
    },
    Check {
        name: "stock.available",
        sql: "SELECT 'variant ' || variant_id, 'at least 0', available FROM stock WHERE available < 0",
    },
    Check {
        name: "customer.user",
        sql: "SELECT 'customer ' || c.id, 'a user', 'user ' || c.user_id
          FROM customers c
          WHERE c.user_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = c.user_id)",
    },
    Check {
        name: "customer.deleted",
        sql: "SELECT 'customer ' || id, 'inactive, without a number, in no group', 'more than that'
          FROM customers
          WHERE deleted_at IS NOT NULL
            AND (status <> 1 OR number IS NOT NULL
              OR EXISTS (SELECT 1 FROM customer_group_members WHERE customer_id = customers.id))",
    },
    Check {
        name: "customer.forgotten",
        sql: "SELECT 'customer ' || id, 'nothing personal', 'more than that'
          FROM customers
          WHERE anonymised_at IS NOT NULL
            AND (status <> 1 OR coalesce(number, email, phone, country) IS NOT NULL
              OR EXISTS (SELECT 1 FROM customer_details WHERE customer_id = customers.id)
              OR EXISTS (SELECT 1 FROM customer_tags WHERE customer_id = customers.id)
              OR EXISTS (SELECT 1 FROM customer_group_members WHERE customer_id = customers.id))",
    },
    Check {
        name: "forgetting.orders",
        sql: "SELECT 'order ' || o.id, 'no contacts', 'contacts'
          FROM orders o JOIN customers c ON c.id = o.customer_id JOIN order_contacts k ON k.order_id = o.id
          WHERE c.anonymised_at IS NOT NULL
            AND coalesce(k.email, k.shipping_address, k.billing_address, k.note, k.client_token) IS NOT NULL
            AND EXISTS (SELECT 1 FROM forgettings f, json_each(f.customers) j WHERE j.value = c.id AND f.stage = 9)",
    },
    Check {
        name: "forgetting.told",
        sql: "SELECT 'forgetting ' || f.id, 'audit ' || f.audit_id, 'none that tells of it'
          FROM forgettings f
          WHERE f.audit_id >= (SELECT min(id) FROM audit)
            AND NOT EXISTS (SELECT 1 FROM audit WHERE id = f.audit_id AND action = 224)",
    },
    Check {
        name: "forgetting.pages",
        sql: "SELECT 'freed page ' || id, 'none while nobody is being forgotten', 'one'
          FROM freed_pages
          WHERE NOT EXISTS (SELECT 1 FROM forgettings WHERE ended_at IS NULL)",
    },
    Check {
        name: "audit.redaction",
        sql: "SELECT 'redaction of audit ' || r.audit_id, 'the row', 'none'
          FROM audit_redactions r
          WHERE NOT EXISTS (SELECT 1 FROM audit a WHERE a.id = r.audit_id)",
    },
    Check {
        name: "group.setting",
        sql: "SELECT 'setting selling.groups', is_so, found
          FROM (SELECT value AS found, EXISTS (SELECT 1 FROM customer_groups WHERE discount > 0) AS is_so
            FROM settings WHERE name = 'selling.groups')
          WHERE CAST(found AS INTEGER) <> is_so",
    },
    Check {
        name: "user.admin",
        sql: "SELECT 'users', 'an active admin', 'none'
          WHERE EXISTS (SELECT 1 FROM users WHERE role_id = 1)
            AND NOT EXISTS (SELECT 1 FROM users WHERE role_id = 1 AND status = 0)",
    },
    Check {
        name: "session.epoch",
        sql: "SELECT 'session ' || s.id, 'at most ' || u.token_epoch, s.token_epoch
          FROM sessions s JOIN users u ON u.id = s.user_id
          WHERE s.token_epoch > u.token_epoch",
    },
    Check {
        name: "session.kind",
        sql: "SELECT 'session ' || id, iif(kind = 1, 'a secret', 'no secret'), iif(secret IS NULL, 'none', 'one')
          FROM sessions
          WHERE (kind = 1) <> (secret IS NOT NULL)",
    },
    Check {
        name: "refresh_token.session",
        sql: "SELECT 'refresh token ' || t.id, 'at most ' || s.expires_at, t.expires_at
          FROM refresh_tokens t LEFT JOIN sessions s ON s.id = t.session_id
          WHERE s.id IS NULL OR s.kind <> 0 OR t.expires_at > s.expires_at",
    },
    Check {
        name: "link.moments",
        sql: "SELECT 'link ' || id, 'made, used, expired', concat_ws(', ', created_at, used_at, expires_at)
          FROM links
          WHERE created_at > expires_at OR used_at NOT BETWEEN created_at AND expires_at",
    },
    Check {
        name: "recovery_code.factor",
        sql: "SELECT 'recovery codes of user ' || c.user_id, 'a second factor', 'none'
          FROM recovery_codes c
          WHERE NOT EXISTS (SELECT 1 FROM factors f WHERE f.user_id = c.user_id AND f.confirmed_at IS NOT NULL)
          GROUP BY c.user_id",
    },
    Check {
        name: "pending_sign_in.session",
        sql: "SELECT 'pending sign-in ' || p.id, 'a session of user ' || p.user_id, 'user ' || s.user_id
          FROM pending_sign_ins p JOIN sessions s ON s.id = p.session_id
          WHERE s.user_id <> p.user_id",
    },
    Check {
        name: "mail.link",
        sql: "SELECT 'mail ' || m.id, 'a link of user ' || ifnull(m.user_id, '?'), 'user ' || ifnull(l.user_id, '?')
          FROM mails m JOIN links l ON l.id = m.link_id
          WHERE m.user_id IS NOT l.user_id",
    },
    Check {
        name: "mail.attempts",
        sql: "SELECT 'mail ' || id, 'at least 1 attempt where it was sent', attempts
          FROM mails
          WHERE state = 1 AND attempts < 1",
    },
    Check {
        name: "mail.sealed",
        sql: "SELECT 'mail ' || id, 'no secret once it is sent', length(sealed) || ' bytes'
          FROM mails
          WHERE state = 1 AND length(sealed) > 0",
    },
    Check {
        name: "idempotency.resource",
        sql: "SELECT 'idempotency ' || i.id, 'the thing it made', 'kind ' || i.kind || ', id ' || i.resource_id
          FROM idempotency i
          WHERE CASE i.kind
            WHEN 1 THEN NOT EXISTS (SELECT 1 FROM orders WHERE id = i.resource_id)
            WHEN 2 THEN NOT EXISTS (SELECT 1 FROM products WHERE id = i.resource_id)
            WHEN 3 THEN NOT EXISTS (SELECT 1 FROM stock_movements WHERE id = i.resource_id)
            WHEN 4 THEN NOT EXISTS (SELECT 1 FROM orders WHERE id = i.resource_id AND status = 4)
            WHEN 5 THEN NOT EXISTS (SELECT 1 FROM order_changes WHERE id = i.resource_id)
            WHEN 6 THEN i.resource_id >= (SELECT min(id) FROM audit) AND NOT EXISTS (SELECT 1 FROM audit WHERE id = i.resource_id)
            WHEN 30 THEN NOT EXISTS (SELECT 1 FROM transfers WHERE id = i.resource_id)
            WHEN 31 THEN NOT EXISTS (SELECT 1 FROM payouts WHERE id = i.resource_id)
            ELSE 0 END",
    },
    Check {
        name: "event.data",
        sql: "SELECT 'event ' || id, 'JSON', 'none' FROM events WHERE NOT json_valid(data)",
    },
    Check {
        name: "delivery.lane",
        sql: "SELECT 'delivery ' || id, 'the only one of lane ' || lane || ' that is due', 'due beside ' || first
          FROM (SELECT id, lane, due_at, min(id) OVER (PARTITION BY endpoint_id, lane) AS first
            FROM deliveries WHERE status <= 2 AND lane <> 0)
          WHERE (due_at IS NOT NULL) <> (id = first)",
    },
    Check {
        name: "delivery.attempts",
        sql: "SELECT 'delivery ' || d.id, d.attempts || ' attempts', count(a.number)
          FROM deliveries d LEFT JOIN delivery_attempts a ON a.delivery_id = d.id
          WHERE d.attempts > 0
          GROUP BY d.id
          HAVING count(a.number) <> d.attempts OR max(a.number) <> d.attempts",
    },
    Check {
        name: "delivery.event",
        sql: "SELECT 'delivery ' || d.id, 'event ' || (d.id >> 12), 'none'
          FROM deliveries d
          WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.id = d.id >> 12)",
    },
    Check {
        name: "endpoint.mark",
        sql: "SELECT 'endpoint ' || id, 'at most ' || newest, mark
          FROM webhook_endpoints, (SELECT ifnull(max(id), 0) AS newest FROM events)
          WHERE mark > newest",
    },
    Check {
        // What the last comparison with the providers found and people have not settled (MON-09).
        name: "payment.differences",
        sql: "SELECT name, ours || ' ' || currency, theirs
          FROM payment_differences
          WHERE gone_at IS NULL",
    },
    Check {
        name: "audit.event",
        sql: "SELECT 'audit ' || a.id, 'event ' || a.event_id, 'none'
          FROM audit a
          WHERE a.event_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM events e WHERE e.id = a.event_id)",
    },
    Check {
        name: "mark.ahead",
        sql: "SELECT 'mark ' || name, 'at most ' || newest, upto
          FROM (SELECT name, upto, CASE name
              WHEN 'search.orders' THEN (SELECT ifnull(max(id), 0) FROM orders)
              WHEN 'search.products' THEN (SELECT ifnull(max(id), 0) FROM products)
              WHEN 'search.customers' THEN (SELECT ifnull(max(id), 0) FROM customers)
              WHEN 'groups.events' THEN (SELECT ifnull(max(id), 0) FROM events)
              WHEN 'search.events' THEN (SELECT ifnull(max(id), 0) FROM events)
              WHEN 'mails.events' THEN (SELECT ifnull(max(id), 0) FROM events)
              WHEN 'mails.seeded' THEN (SELECT ifnull(max(id), 0) FROM orders)
              WHEN 'sweep.idempotency' THEN (SELECT ifnull(max(id), 0) FROM idempotency) END AS newest
            FROM marks)
          WHERE upto > newest",
    },
    Check {
        name: "settings.sane",
        sql: "SELECT 'setting ' || n.name, n.expected, s.value
          FROM (SELECT 'currency' AS name, 'three capitals' AS expected UNION ALL SELECT 'time_zone', 'a zone'
            UNION ALL SELECT 'tax_included', '0 or 1' UNION ALL SELECT 'number_base', 'a number from 1000'
            UNION ALL SELECT 'numbers_stored', '0 or 1' UNION ALL SELECT 'demo', '0 or 1'
            UNION ALL SELECT 'staff.second_factor', '0 or 1'
            UNION ALL SELECT 'epoch', '16 hexadecimal digits') n
          LEFT JOIN settings s ON s.name = n.name
          WHERE NOT ifnull(CASE n.name
            WHEN 'currency' THEN s.value GLOB '[A-Z][A-Z][A-Z]'
            WHEN 'time_zone' THEN length(s.value) > 0
            WHEN 'number_base' THEN CAST(s.value AS INTEGER) >= 1000 AND s.value NOT GLOB '*[^0-9]*'
            WHEN 'epoch' THEN length(s.value) = 16 AND s.value NOT GLOB '*[^0-9a-f]*'
            ELSE s.value IN ('0', '1') END, 0)",
    },
];
