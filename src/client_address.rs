//! By what the clients of one network address are counted together.

use std::net::{IpAddr, Ipv6Addr};

/// The address that stands for all that one client can easily have: itself, or the /64 of an IPv6 address, which is what
/// one machine is given.
pub fn key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_machine_is_one_address() {
        let same = |one: &str, other: &str| {
            key(one.parse().expect("an address")) == key(other.parse().expect("an address"))
        };
        assert!(same("192.0.2.1", "192.0.2.1"));
        assert!(same("192.0.2.1", "::ffff:192.0.2.1"));
        assert!(same("2001:db8:1:2::1", "2001:db8:1:2:3:4:5:6"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
        assert!(!same("2001:db8:1:2::1", "2001:db8:1:3::1"));
    }
}
