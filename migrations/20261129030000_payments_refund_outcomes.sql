-- The outcome of a refund is published again, in case the broker's data was deleted with the reply.
SET LOCAL lock_timeout = '2s';
-- A person knows of the refusal.
ALTER TABLE payments.refunds ADD COLUMN is_acknowledged boolean NOT NULL DEFAULT false;
-- When task `reconcile_payments` last published the outcome.
ALTER TABLE payments.refunds ADD COLUMN outcome_repeated_at timestamptz;

-- For the task, which completes the refunds without an outcome and repeats the outcomes of the last days. People look
-- for those to review.
CREATE INDEX refunds_without_outcome ON payments.refunds (updated_at)
    WHERE status IN ('pending', 'unknown', 'manual_review');
CREATE INDEX refunds_with_outcome ON payments.refunds (updated_at)
    WHERE status IN ('succeeded', 'refused', 'manual_review');
