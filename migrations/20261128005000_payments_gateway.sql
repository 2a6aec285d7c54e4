-- Each payment and each operation names the gateway that it belongs to, so that several gateways can be in use while
-- the setting changes. Every existing row belongs to the simulated gateway, and so does every row that a process of
-- the version before inserts: hence the default.
ALTER TABLE payments.payments ADD COLUMN gateway text NOT NULL DEFAULT 'simulated';
ALTER TABLE payments.operations ADD COLUMN gateway text NOT NULL DEFAULT 'simulated';
