-- The policy that an admin chose for one order; NULL for that of the inventory's settings.
ALTER TABLE orders.orders ADD COLUMN allocation_policy text COLLATE "C";
