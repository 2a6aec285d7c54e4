//! Returns: request, preview, list, decide, receive.

pub mod body;
pub mod decide;
pub mod find;
pub mod list;
pub mod receive;
pub mod request;

use crate::auth::Caller;
use crate::routes::viewer::viewer;
use accounts::Role;
use orders::ReturnActor;

/// The caller as `orders` expects the person who changes a return.
fn actor(caller: Caller) -> ReturnActor {
    ReturnActor { id: caller.id, viewer: viewer(caller), is_admin: caller.role == Role::Admin, name: caller.actor() }
}
