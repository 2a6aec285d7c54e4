-- Sessions: where a login came from, when it was last used, and which refresh token follows which. The support role.
-- Passwords that an operator has set are to be changed at the first login.
ALTER TABLE accounts.users ADD COLUMN must_change_password boolean NOT NULL DEFAULT false;

ALTER TABLE accounts.users DROP CONSTRAINT users_role_check;
ALTER TABLE accounts.users
    ADD CONSTRAINT users_role_check CHECK (role IN ('customer', 'vendor', 'support', 'admin')) NOT VALID;

-- The search by the beginning of an address.
CREATE INDEX users_by_email_prefix ON accounts.users (email text_pattern_ops);

ALTER TABLE accounts.refresh_families
    ADD COLUMN client_address text,
    ADD COLUMN user_agent text CHECK (char_length(user_agent) <= 200),
    ADD COLUMN last_used_at timestamptz;

-- The token that this one was exchanged for. When it is exchanged again, because the response was lost, its successor
-- is deleted unless it was used.
ALTER TABLE accounts.refresh_tokens ADD COLUMN successor bytea;

-- Finds the sessions of a user, ended ones included.
CREATE INDEX refresh_families_by_user ON accounts.refresh_families (user_id, id DESC);
