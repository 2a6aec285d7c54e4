-- Columns and states get the field's standard names (crates/README.md, "Glossary").
--
-- Stop every process of the version before first: it uses the old names. No table is rewritten.
ALTER TABLE payments.payments RENAME COLUMN given_back_minor TO refunded_by_void_minor;
ALTER TABLE payments.simulated_gateway_authorizations RENAME COLUMN given_back_minor TO refunded_by_void_minor;
ALTER TABLE payments.simulated_gateway_authorizations
    DROP CONSTRAINT simulated_gateway_authorizations_state_check;
UPDATE payments.simulated_gateway_authorizations SET state = 'requested' WHERE state = 'asked';
ALTER TABLE payments.simulated_gateway_authorizations
    ADD CONSTRAINT simulated_gateway_authorizations_state_check
        CHECK (state IN ('requested', 'authorized', 'declined', 'voided'));
ALTER TABLE payments.simulated_gateway_movements DROP CONSTRAINT simulated_gateway_movements_state_check;
UPDATE payments.simulated_gateway_movements SET state = 'requested' WHERE state = 'asked';
ALTER TABLE payments.simulated_gateway_movements
    ADD CONSTRAINT simulated_gateway_movements_state_check CHECK (state IN ('requested', 'done', 'declined'));
