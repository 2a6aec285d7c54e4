-- An authorization is renewed by an operation of kind `reauthorize`. The version before can't read such an operation: until
-- its last worker has stopped, a message about its payment is retried.
SET LOCAL lock_timeout = '2s';
ALTER TABLE payments.operations
    DROP CONSTRAINT operations_kind_check,
    ADD CONSTRAINT operations_kind_check
        CHECK (kind IN ('authorize', 'capture', 'void', 'refund', 'reauthorize')) NOT VALID;
ALTER TABLE payments.simulated_gateway_authorizations
    ADD COLUMN reauthorizations integer NOT NULL DEFAULT 0;
ALTER TABLE payments.simulated_gateway_movements
    DROP CONSTRAINT simulated_gateway_movements_kind_check,
    ADD CONSTRAINT simulated_gateway_movements_kind_check
        CHECK (kind IN ('capture', 'refund', 'reauthorize')) NOT VALID;
