-- A number of each order for people; `domain::order::OrderNumber` writes it with letters and digits. The default serves
-- processes of the version before, too. Seven letters of base 32 hold 35 bits.
CREATE SEQUENCE orders.order_numbers AS bigint MAXVALUE 34359738367 CACHE 32;

ALTER TABLE orders.orders ADD COLUMN order_number bigint;
ALTER TABLE orders.orders ALTER COLUMN order_number SET DEFAULT nextval('orders.order_numbers');
ALTER SEQUENCE orders.order_numbers OWNED BY orders.orders.order_number;
