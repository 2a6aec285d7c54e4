//! API keys: how machines authenticate.

pub mod create;
pub mod key;
pub mod list;
pub mod revoke;
pub mod rotate;

use crate::auth::Caller;
use accounts::{KeyManager, Role};

/// Whose keys the caller may manage.
fn manager(caller: Caller) -> KeyManager {
    match caller.role {
        Role::Admin => KeyManager::Admin(caller.id),
        Role::Customer | Role::Vendor | Role::Support => KeyManager::Owner(caller.id),
    }
}
