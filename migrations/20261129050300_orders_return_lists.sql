-- Returns by status, and those that need a person.

CREATE INDEX returns_by_status ON orders.returns (status, id);
CREATE INDEX returns_with_attention ON orders.returns (id) WHERE attention IS NOT NULL;
