-- Lists of shipments by status, of one vendor or of all: `GET /shipments`. The nil UUID stands for no vendor, so that
-- rows of the version before have a place in the order too.
CREATE INDEX shipments_by_status ON shipping.shipments
    (status, (coalesce(vendor_id, '00000000-0000-0000-0000-000000000000'::uuid)), order_id, id);
