//! All SQL of accounts.

mod refresh_tokens;
mod users;

pub(crate) use refresh_tokens::{
    RefreshToken, Revocation, delete_expired_refresh_tokens, insert_refresh_family, insert_refresh_token,
    lock_refresh_token, mark_reissued, mark_used, revoke_families_of, revoke_family,
};
pub(crate) use users::{
    Account, change_role, find_account, find_account_by_email, find_account_status, insert_user, lock_accounts,
    replace_password_hash,
};
