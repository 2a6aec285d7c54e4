//! What admins repair and grant.

pub mod grant_role;
