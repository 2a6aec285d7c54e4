-- no-transaction
-- Every process of the version before has to be stopped: it does not write `lane`. Commits after every 5,000 rows. After
-- an interruption it begins again, and changes nothing twice.
DO $$
DECLARE
    done uuid := '00000000-0000-0000-0000-000000000000';
    upto uuid;
BEGIN
    LOOP
        SELECT id INTO upto
          FROM (SELECT id FROM orders.orders WHERE id > done ORDER BY id LIMIT 5000) AS batch
         ORDER BY id DESC LIMIT 1;
        EXIT WHEN NOT FOUND;
        UPDATE orders.orders AS o SET lane = n.lane
          FROM (SELECT id,
                       (array_position('{pending,confirmed,shipped,delivered,rejected,cancelling,cancelled}',
                                       status) * 10
                      + array_position('{unpaid,authorized,declined,partly_captured,captured,voided,refunded}',
                                       payment_status))::smallint AS lane
                  FROM orders.orders
                 WHERE id > done AND id <= upto AND NOT (status IN ('pending', 'confirmed')
                                                         AND payment_status IN ('unpaid', 'authorized'))) AS n
         WHERE o.id = n.id AND o.lane <> n.lane;
        COMMIT;
        done := upto;
    END LOOP;
END $$;
