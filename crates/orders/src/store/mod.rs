//! All SQL of this slice. Functions take the caller's transaction and never commit.

pub(crate) mod intake;
pub(crate) mod moves;
pub(crate) mod placements;
pub(crate) mod queries;
pub(crate) mod saga;
pub(crate) mod sagas;
pub(crate) mod timeline;
