//! The users, as admins and support see them.

pub mod grant_role;
pub mod item;
pub mod list;
pub mod update;
