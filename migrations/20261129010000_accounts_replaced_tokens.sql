-- A refresh token whose response was lost is replaced. Its row is kept: whoever presents it later shows that the
-- response was received after all, and that the token before it was stolen.
ALTER TABLE accounts.refresh_tokens ADD COLUMN replaced_at timestamptz;
COMMENT ON COLUMN accounts.refresh_tokens.replaced_at IS 'When another successor took its place; it is not valid since';
