-- Finds the failed jobs of an order, which is not removed while one is open.
CREATE INDEX failed_jobs_by_order ON operations.failed_jobs (order_id) WHERE order_id IS NOT NULL;

-- Only a transaction that prunes may delete entries, and only one that erases personal data may change them. Each says
-- so.
CREATE OR REPLACE FUNCTION operations.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (TG_OP, current_setting('operations.audit_change', true)) IN (('DELETE', 'prune'), ('UPDATE', 'erase')) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'operations.audit_log is only ever added to' USING ERRCODE = 'restrict_violation';
END
$$;
