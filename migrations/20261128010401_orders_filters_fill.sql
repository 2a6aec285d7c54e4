-- no-transaction
-- Every process of the version before has to be stopped: it does not write `status_group` and `changed_on`. Commits after
-- every 5,000 rows. After an interruption it begins again, and changes nothing twice.
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
        UPDATE orders.orders AS o SET status_group = n.status_group, changed_on = n.changed_on
          FROM (SELECT id,
                       CASE WHEN status IN ('pending', 'confirmed') AND payment_status IN ('unpaid', 'authorized') THEN 0
                            ELSE array_position('{pending,confirmed,shipped,delivered,rejected,cancelling,cancelled}',
                                                status) * 10
                               + array_position('{unpaid,authorized,declined,partly_captured,captured,voided,refunded}',
                                                payment_status)
                       END::smallint AS status_group,
                       -- An id begins with the milliseconds of its creation.
                       CASE WHEN ('x' || translate(left(id::text, 13), '-', ''))::bit(48)::bigint
                                 < floor(extract(epoch FROM updated_at) * 1000) - 3600000
                            THEN (updated_at AT TIME ZONE 'UTC')::date
                       END AS changed_on
                  FROM orders.orders
                 WHERE id > done AND id <= upto) AS n
         WHERE o.id = n.id AND (o.status_group, o.changed_on) IS DISTINCT FROM (n.status_group, n.changed_on);
        COMMIT;
        done := upto;
    END LOOP;
END $$;
