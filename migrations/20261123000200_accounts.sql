-- Accounts: who may sign in, and the refresh tokens that keep them signed in.
CREATE SCHEMA accounts;

CREATE TABLE accounts.users (
    id            uuid PRIMARY KEY,
    -- Lower-cased: one address is one account, however it is written.
    email         text NOT NULL UNIQUE CHECK (email = lower(email)),
    -- Argon2id in PHC form; it names its own cost.
    password_hash text NOT NULL,
    role          text NOT NULL CHECK (role IN ('customer', 'vendor', 'admin')),
    -- Access tokens carry it; raising it revokes all that were made before.
    token_version integer NOT NULL DEFAULT 0,
    disabled_at   timestamptz,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);

-- Who made whom what, and when. Only ever added to.
CREATE TABLE accounts.role_changes (
    user_id    uuid NOT NULL,
    from_role  text NOT NULL,
    to_role    text NOT NULL,
    granted_by uuid NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, changed_at)
);

-- One row a login: all refresh tokens that follow from it live and die together. Whoever turns a token locks this row.
CREATE TABLE accounts.refresh_families (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    -- `logout`, `reuse`, `role_change`
    reason     text,
    CHECK ((revoked_at IS NULL) = (reason IS NULL))
);

CREATE INDEX refresh_families_live ON accounts.refresh_families (user_id) WHERE revoked_at IS NULL;

CREATE TABLE accounts.refresh_tokens (
    -- SHA-256: the token itself is known to its holder alone.
    token_hash  bytea PRIMARY KEY,
    family_id   uuid NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz,
    -- When it was turned a second time, because the first answer got lost.
    reissued_at timestamptz,
    CHECK (reissued_at IS NULL OR used_at IS NOT NULL)
);

-- Pruned by age.
CREATE INDEX refresh_tokens_by_age ON accounts.refresh_tokens (expires_at);
