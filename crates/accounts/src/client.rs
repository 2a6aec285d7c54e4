//! The client of a request, as the security log and the list of sessions show it.

use std::net::IpAddr;

const USER_AGENT_CHARACTERS_MAX: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub address: IpAddr,
    /// At most 200 characters.
    user_agent: Option<String>,
}

impl Client {
    /// `user_agent` is the header of that name. Its first 200 characters are kept.
    pub fn new(address: IpAddr, user_agent: Option<&str>) -> Self {
        let cut = |text: &str| text.chars().filter(|c| !c.is_control()).take(USER_AGENT_CHARACTERS_MAX).collect();
        Self { address, user_agent: user_agent.map(cut).filter(|text: &String| !text.is_empty()) }
    }

    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }
}
