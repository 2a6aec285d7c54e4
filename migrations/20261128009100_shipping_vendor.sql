-- Who sells the lines of a shipment: an order has one shipment per warehouse and vendor. NULL for shipments that the
-- version before booked, one per warehouse, whose lines may be of several vendors.
ALTER TABLE shipping.shipments ADD COLUMN vendor_id uuid;
