-- A closed warehouse gets no new reservations and no transfers. It keeps its stock, and what is reserved there.
ALTER TABLE inventory.warehouses
    ADD COLUMN closed_at timestamptz,
    ADD COLUMN closed_reason text,
    ADD CONSTRAINT warehouses_closed_check CHECK ((closed_at IS NULL) = (closed_reason IS NULL));
