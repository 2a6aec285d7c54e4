-- Validated in a transaction of its own, which does not lock out writers.
ALTER TABLE payments.operations
    VALIDATE CONSTRAINT operations_kind_check;
ALTER TABLE payments.simulated_gateway_movements
    VALIDATE CONSTRAINT simulated_gateway_movements_kind_check;
