//! Papers that have no gap and say what their orders do.

use crate::store::invariants::Check;

pub(super) const CHECKS: &[Check] = &[
    Check {
        // Numbers are unique by their index: as many as the last one are all of them.
        name: "invoice.series",
        sql: "SELECT 'series ' || series || ' of ' || year, iif(next IS NULL, 'its next number', 'numbers 1 to ' || (next - 1)),
            count || ' up to ' || last
          FROM (SELECT i.series, i.year, count(*) AS count, max(i.number) AS last, s.next
            FROM invoices i LEFT JOIN invoice_series s ON s.series = i.series AND s.year = i.year
            GROUP BY i.series, i.year)
          WHERE next IS NULL OR count <> next - 1 OR last <> next - 1
          UNION ALL
          SELECT 'series ' || s.series || ' of ' || s.year, 'numbers 1 to ' || (s.next - 1), 'none'
          FROM invoice_series s
          WHERE NOT EXISTS (SELECT 1 FROM invoices i WHERE i.series = s.series AND i.year = s.year)",
    },
    Check {
        name: "invoice.missing",
        sql: "SELECT 'order ' || o.id, 'an invoice', 'none'
          FROM orders o
          WHERE o.paid >= o.total AND o.total > 0 AND o.imported_at IS NULL AND o.status <> 4
            AND NOT EXISTS (SELECT 1 FROM invoices i WHERE i.order_id = o.id AND i.series = 0 AND i.replaced_at IS NULL)
            AND NOT EXISTS (SELECT 1 FROM orders_before_invoices b WHERE b.order_id = o.id)",
    },
    Check {
        name: "invoice.total",
        sql: "SELECT 'invoice ' || i.id, o.total || ' ' || o.currency, i.total || ' ' || i.currency
          FROM invoices i JOIN orders o ON o.id = i.order_id
          WHERE i.series = 0 AND i.replaced_at IS NULL AND (i.total <> o.total OR i.currency <> o.currency)",
    },
    Check {
        // What it says is text with the currency's decimals.
        name: "invoice.content",
        sql: "SELECT 'invoice ' || id, total, json_extract(content, '$.total')
          FROM invoices
          WHERE CAST(replace(ifnull(json_extract(content, '$.total'), ''), '.', '') AS INTEGER) <> total",
    },
    Check {
        name: "credit_note.invoice",
        sql: "SELECT 'credit note ' || c.id, 'the invoice of order ' || c.order_id, 'invoice ' || i.id
          FROM invoices c JOIN invoices i ON i.id = c.invoice_id
          WHERE i.series <> 0 OR i.order_id <> c.order_id",
    },
    Check {
        // As domain::invoice::credit_due has it; what is on its way to a canceled order was credited when it was canceled.
        name: "credit_note.total",
        sql: "SELECT 'order ' || order_id, due, credited
          FROM (SELECT order_id, credited, invoiced, status, min(invoiced, max(0, iif(status = 4,
                invoiced - max(0, paid - given), given - max(0, paid - invoiced)))) AS due
            FROM (SELECT i.order_id, i.total AS invoiced, o.paid, o.status,
                (SELECT ifnull(sum(c.total), 0) FROM invoices c
                 WHERE c.invoice_id = i.id AND c.voided_at IS NULL) AS credited,
                (SELECT ifnull(sum(r.amount), 0) FROM refunds r WHERE r.order_id = i.order_id AND r.state = 1) AS given
              FROM invoices i JOIN orders o ON o.id = i.order_id
              WHERE i.series = 0 AND i.replaced_at IS NULL))
          WHERE credited < due OR credited > iif(status = 4, invoiced, due)",
    },
    Check {
        name: "invoice.replaced",
        sql: "SELECT 'invoice ' || id, total || ' credited', credited
          FROM (SELECT i.id, i.total,
              (SELECT ifnull(sum(c.total), 0) FROM invoices c
               WHERE c.invoice_id = i.id AND c.voided_at IS NULL) AS credited
            FROM invoices i
            WHERE i.replaced_at IS NOT NULL)
          WHERE credited <> total",
    },
];
