-- The company that transports a shipment, for carriers whose vendors ship themselves: a person enters it with the
-- tracking number, which then replaces the booking's. NULL for every shipment of the version before.
ALTER TABLE shipping.shipments ADD COLUMN carrier_name text;
