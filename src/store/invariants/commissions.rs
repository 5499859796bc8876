//! Commissions that add up: each is its line's, none gives back more than it brought, what is paid stands in a payout, and
//! an order that is canceled or refunded leaves nothing.

use crate::store::invariants::Check;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "commission.amount",
        sql: "SELECT 'commission ' || id, expected, amount
          FROM (SELECT c.id, c.amount, (l.total * (100000 - c.rate) + 50000) / 100000 AS expected
            FROM commissions c JOIN order_lines l ON l.id = c.line_id
            WHERE c.reverses IS NULL)
          WHERE amount <> expected",
    },
    Check {
        name: "commission.line",
        sql: "SELECT 'commission ' || c.id, 'the seller and line of ' || b.id, c.seller_id || ', line ' || c.line_id
          FROM commissions c JOIN commissions b ON b.id = c.reverses
          WHERE c.seller_id <> b.seller_id OR c.line_id <> b.line_id OR b.reverses IS NOT NULL",
    },
    Check {
        name: "commission.left",
        sql: "SELECT 'line ' || line_id, iif(ended, 'nothing left', '0 to ' || brought), left
          FROM (SELECT c.line_id, o.status IN (4, 5) AS ended,
              sum(iif(c.reverses IS NULL, c.amount, 0)) AS brought, sum(iif(c.state < 3, c.amount, 0)) AS left
            FROM commissions c JOIN orders o ON o.id = c.order_id
            GROUP BY c.line_id)
          WHERE left NOT BETWEEN 0 AND iif(ended, 0, brought)",
    },
    Check {
        name: "commission.state",
        sql: "SELECT 'commission ' || c.id, iif(o.delivered_at IS NULL, 'pending', 'approved'), c.state
          FROM commissions c JOIN orders o ON o.id = c.order_id
          WHERE (c.state = 0 AND o.delivered_at IS NOT NULL) OR (c.state IN (1, 2) AND o.delivered_at IS NULL)",
    },
    Check {
        name: "payout.seller",
        sql: "SELECT 'payout ' || payout_id || ', seller ' || seller_id, paid || ' in ' || found, amount || ' in ' || rows
          FROM (SELECT s.payout_id, s.seller_id, s.rows, s.amount, count(c.id) AS found, ifnull(sum(c.amount), 0) AS paid
            FROM payout_sellers s
            LEFT JOIN commissions c ON c.payout_id = s.payout_id AND c.seller_id = s.seller_id
            GROUP BY s.payout_id, s.seller_id)
          WHERE amount <> paid OR rows <> found",
    },
    Check {
        name: "payout.amount",
        sql: "SELECT 'payout ' || id, paid, amount
          FROM (SELECT p.id, p.amount,
              (SELECT ifnull(sum(c.amount), 0) FROM commissions c WHERE c.payout_id = p.id) AS paid
            FROM payouts p)
          WHERE amount <> paid",
    },
];
