//! All SQL of accounts.

pub(crate) mod api_keys;
pub(crate) mod erasures;
mod refresh_tokens;
mod sessions;
pub(crate) mod stream_tickets;
mod user_pages;
mod users;

pub(crate) use refresh_tokens::{
    RefreshToken, delete_expired_refresh_tokens, insert_refresh_token, lock_refresh_token, mark_used, replace_successor,
};
pub(crate) use sessions::{
    Revocation, all_sessions, erase_sessions_of, insert_session, list_sessions, revoke_session, revoke_session_of,
    revoke_sessions_of, touch_session,
};
pub(crate) use user_pages::{find_user_item, list_users};
pub(crate) use users::{
    Account, change_role, find_account, find_account_by_email, find_account_status, insert_user, lock_accounts,
    replace_password_hash, set_disabled, set_password,
};
