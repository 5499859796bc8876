//! Wallets that add up: each balance is the sum of its transfers, all accounts together are nothing, what is held is what
//! waits, and no order was paid by a wallet without its transfer.

use crate::store::invariants::Check;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "wallet.balance",
        sql: "SELECT 'account ' || id, moved, balance
          FROM (SELECT a.id, a.balance, ifnull(m.moved, 0) AS moved
            FROM accounts a LEFT JOIN (
              SELECT account, sum(amount) AS moved
              FROM (SELECT credit AS account, amount FROM transfers UNION ALL SELECT debit, -amount FROM transfers)
              GROUP BY account) m ON m.account = a.id)
          WHERE balance <> moved",
    },
    Check {
        name: "wallet.zero",
        sql: "SELECT 'accounts', 0, total FROM (SELECT sum(balance) AS total FROM accounts) WHERE total <> 0",
    },
    Check {
        name: "wallet.running",
        sql: "SELECT 'transfer ' || id, moved, balance
          FROM (SELECT id, balance, sum(iif(credit = wallet, amount, -amount)) OVER (PARTITION BY wallet ORDER BY id) AS moved
            FROM transfers)
          WHERE balance <> moved",
    },
    Check {
        name: "wallet.held",
        sql: "SELECT 'account ' || id, open, held
          FROM (SELECT a.id, a.held,
              (SELECT ifnull(sum(h.amount), 0) FROM holds h WHERE h.account_id = a.id AND h.ended_at IS NULL) AS open
            FROM accounts a)
          WHERE held <> open",
    },
    Check {
        name: "wallet.hold",
        sql: "SELECT 'payment ' || p.id, iif(p.state = 3, 'held', 'not held'), iif(p.state = 3, 'not held', 'held')
          FROM payments p LEFT JOIN holds h ON h.payment_id = p.id AND h.ended_at IS NULL
          WHERE p.provider = 4 AND ((p.state = 3) <> (h.payment_id IS NOT NULL) OR h.amount <> p.amount)",
    },
    Check {
        name: "wallet.payment",
        sql: "SELECT 'payment ' || p.id, p.captured || ' for order ' || p.order_id, ifnull(t.amount, 'no transfer')
          FROM payments p LEFT JOIN transfers t ON t.key = 'pay_' || p.id
          WHERE p.provider = 4 AND (ifnull(t.amount, 0) <> p.captured OR t.order_id <> p.order_id OR t.kind <> 2)
          UNION ALL
          SELECT 'transfer ' || t.id, 'a payment', 'none'
          FROM transfers t
          WHERE t.kind = 2
            AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.provider = 4 AND 'pay_' || p.id = t.key)",
    },
    Check {
        name: "wallet.refund",
        sql: "SELECT 'refund ' || r.id, r.amount, ifnull(t.amount, 'no transfer')
          FROM refunds r
          JOIN payments p ON p.id = r.payment_id AND p.provider = 4
          LEFT JOIN transfers t ON t.key = 'refund_' || r.id
          WHERE r.state = 1 AND (ifnull(t.amount, 0) <> r.amount OR t.kind <> 3
            OR t.reverses IS NOT (SELECT id FROM transfers WHERE key = 'pay_' || p.id))",
    },
];
