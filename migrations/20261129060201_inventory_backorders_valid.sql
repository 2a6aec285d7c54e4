-- Reads the table once, without blocking its writers.
ALTER TABLE inventory.reservations VALIDATE CONSTRAINT reservations_state_check;
