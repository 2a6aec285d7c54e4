-- Refunds by status, the longest unchanged first.

CREATE INDEX refunds_by_status ON payments.refunds (status, updated_at, id);
