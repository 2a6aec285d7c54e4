//! Client addresses as limits count them.

use std::net::{IpAddr, Ipv6Addr};

/// What counts as one address: an IPv6 client usually has a whole /64 network. An IPv4 address in IPv6 form is itself.
pub fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_v6_network_is_one_address_and_a_mapped_v4_address_is_itself() {
        for (address, counted) in [
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::9", "2001:db8:1:2::"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("10.0.0.1", "10.0.0.1"),
        ] {
            assert_eq!(counted_as(address.parse().expect("an address")).to_string(), counted);
        }
    }
}
