-- Each booking names its carrier from the start; its shipments name it from the time when the carrier has accepted them
-- (`shipping.shipments.carrier`, part of the waybill). Every existing booking belongs to the simulated carrier, and so
-- does every booking that a process of the version before inserts: hence the default.
ALTER TABLE shipping.bookings ADD COLUMN carrier text NOT NULL DEFAULT 'simulated';

-- The shipments that the simulated carrier still has to move, by the time of their last milestone. It replaces
-- `next_move_at`, which only the version before reads and writes.
CREATE INDEX shipments_of_simulated_carrier ON shipping.shipments (status, (coalesce(reached_at, created_at)))
    WHERE carrier = 'simulated' AND status IN ('booked', 'handed_over', 'in_transit');
