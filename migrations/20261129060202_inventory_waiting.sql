-- no-transaction
-- Finds waiting reservations that are stale, as `reservations_by_query` finds reserved ones.
CREATE INDEX CONCURRENTLY reservations_waiting ON inventory.reservations ((coalesce(queried_at, created_at)))
    WHERE state = 'waiting';
