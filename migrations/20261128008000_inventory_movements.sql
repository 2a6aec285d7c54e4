-- The movements of a SKU, newest first, by warehouse and kind. A page reads one range of this index per warehouse and
-- kind, so its cost does not grow with the ledger.
--
-- Building it blocks writers of the ledger. Every process of the version before is stopped for 20261128004000 to
-- 20261128004300 anyway.
CREATE INDEX ledger_by_sku ON inventory.ledger (sku, warehouse_id, kind, at, id);
