-- The lists of wallets that hold something back, and of commissions of one state.
CREATE INDEX accounts_held     ON accounts (id) WHERE held > 0;
CREATE INDEX commissions_state ON commissions (state);
