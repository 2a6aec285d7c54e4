-- Counts and transfers. The two entries of a transfer have its id.
SET LOCAL lock_timeout = '2s';

ALTER TABLE inventory.ledger ADD COLUMN transfer_id uuid;

-- Every kind of before is still permitted, so no existing row needs to be checked.
ALTER TABLE inventory.ledger DROP CONSTRAINT ledger_kind_check;
ALTER TABLE inventory.ledger
    ADD CONSTRAINT ledger_kind_check CHECK (kind IN
        ('received', 'adjusted', 'counted', 'reserved', 'released', 'shipped', 'returned',
         'transferred_out', 'transferred_in')) NOT VALID,
    ADD CONSTRAINT ledger_transfer_check CHECK
        ((transfer_id IS NOT NULL) = (kind IN ('transferred_out', 'transferred_in'))) NOT VALID;
