//! The parameter `preview` of requests whose effects can be seen before they are made.

use crate::params::{FromQuery, Params};

#[derive(Debug)]
pub struct Preview(pub bool);

impl FromQuery for Preview {
    fn read(params: &mut Params) -> Option<Self> {
        params.flag("preview").map(Self)
    }
}
