-- Erasures that wait for an open order take their turn behind the others.
ALTER TABLE accounts.erasures ADD COLUMN continued_at timestamptz;
COMMENT ON COLUMN accounts.erasures.continued_at IS 'When the scheduler last continued it';

DROP INDEX accounts.erasures_pending;
CREATE INDEX erasures_pending ON accounts.erasures (continued_at NULLS FIRST, requested_at) WHERE completed_at IS NULL;
