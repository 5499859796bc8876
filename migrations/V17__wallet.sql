-- Wallets by double entry: a transfer takes from one account what it gives to another, so that all of them together are always nothing.
CREATE TABLE accounts (
  id INTEGER PRIMARY KEY,
  user_id INTEGER UNIQUE REFERENCES users(id),        -- NULL: one of the shop's, 1 to 3: cash, sales, adjustments
  balance INTEGER NOT NULL DEFAULT 0,                 -- what was credited less what was debited, kept by the verbs
  held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),  -- of it, what waits for another provider
  updated_at INTEGER NOT NULL,
  CHECK ((id <= 3) = (user_id IS NULL)),
  CHECK (balance >= held OR user_id IS NULL), CHECK (held = 0 OR user_id IS NOT NULL)
) STRICT;
INSERT INTO accounts (id, updated_at) VALUES (1, 0), (2, 0), (3, 0);

CREATE TABLE transfers (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,   -- made of its cause: whatever is told again is found again
  debit INTEGER NOT NULL REFERENCES accounts(id), credit INTEGER NOT NULL REFERENCES accounts(id),
  amount INTEGER NOT NULL CHECK (amount > 0),
  kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 4), -- deposit, withdraw, order_payment, order_refund, system_adjustment
  balance INTEGER NOT NULL CHECK (balance >= 0),      -- the wallet's, after it
  order_id INTEGER REFERENCES orders(id), reverses INTEGER REFERENCES transfers(id),
  actor_id INTEGER, reason TEXT, at INTEGER NOT NULL,
  wallet INTEGER NOT NULL GENERATED ALWAYS AS (max(debit, credit)) VIRTUAL,
  CHECK (min(debit, credit) <= 3 AND max(debit, credit) > 3),            -- between a wallet and the shop
  CHECK ((kind = 3) = (reverses IS NOT NULL)), CHECK ((kind IN (2, 3)) = (order_id IS NOT NULL))
) STRICT;
CREATE INDEX transfers_wallet ON transfers (wallet, at);
CREATE TRIGGER transfers_fixed BEFORE UPDATE ON transfers BEGIN SELECT RAISE(ABORT, 'a transfer is never changed'); END;
CREATE TRIGGER transfers_kept BEFORE DELETE ON transfers BEGIN SELECT RAISE(ABORT, 'a transfer is never deleted'); END;

-- What a wallet keeps ready for an order until the rest has come.
CREATE TABLE holds (
  payment_id INTEGER PRIMARY KEY REFERENCES payments(id), account_id INTEGER NOT NULL REFERENCES accounts(id),
  amount INTEGER NOT NULL CHECK (amount > 0), at INTEGER NOT NULL, ended_at INTEGER
) STRICT;
CREATE INDEX holds_open ON holds (account_id) WHERE ended_at IS NULL;
