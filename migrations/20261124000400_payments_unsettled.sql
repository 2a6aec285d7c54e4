-- Operations that nobody knows the outcome of, for the sweep that asks again.
CREATE INDEX operations_unsettled ON payments.operations (updated_at) WHERE status IN ('started', 'unknown');
