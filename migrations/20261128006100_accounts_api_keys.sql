-- API keys: how machines authenticate. A key acts for its owner, within its scopes.
CREATE TABLE accounts.api_keys (
    id                   uuid PRIMARY KEY,
    owner_id             uuid NOT NULL,
    name                 text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    scopes               text[] NOT NULL CHECK (cardinality(scopes) > 0),
    -- SHA-256: the secret is known to its holder alone, and has 256 random bits.
    secret_hash          bytea NOT NULL,
    -- The secret before the last rotation, accepted until then.
    previous_secret_hash bytea,
    previous_until       timestamptz,
    expires_at           timestamptz,
    created_by           uuid NOT NULL,
    created_at           timestamptz NOT NULL,
    rotated_at           timestamptz,
    -- To the minute.
    last_used_at         timestamptz,
    revoked_at           timestamptz,
    CHECK ((previous_secret_hash IS NULL) = (previous_until IS NULL))
);

CREATE INDEX api_keys_by_owner ON accounts.api_keys (owner_id, id DESC);
