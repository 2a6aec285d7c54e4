//! The demo accounts. Their passwords are public, so they are never created in production.

use accounts::{Password, PasswordHasher, Role, User, seed_user};
use domain::Timestamp;
use sqlx::PgPool;

pub struct Login {
    pub email: &'static str,
    pub password: &'static str,
    pub role: Role,
}

pub const CUSTOMER: Login = Login { email: "customer@orders.local", password: "CustomerPass123", role: Role::Customer };
pub const VENDOR: Login = Login { email: "vendor@orders.local", password: "VendorPass123", role: Role::Vendor };
pub const ADMIN: Login = Login { email: "admin@orders.local", password: "AdminPass123", role: Role::Admin };

impl Login {
    /// The account; created if it does not exist.
    pub async fn seed(&self, pool: &PgPool, hasher: &PasswordHasher, now: Timestamp) -> anyhow::Result<User> {
        let (email, password) = (self.email.parse()?, Password::choose(self.password.into())?);
        Ok(seed_user(pool, hasher, email, password, self.role, now).await?)
    }
}
