//! Which addresses this installation calls for a tool or a source of knowledge. Whoever may edit one chooses what our server asks,
//! from inside whatever network it stands in; so where others come to the installation it asks the public internet alone.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::{Client, redirect::Policy};
use url::{Host, Url};

use crate::config::is_loopback;

const PRIVATE: &str = "This address is inside a private network. Use one that is public.";

/// Says what is wrong with an address, as far as its text tells. An installation on one's own machine takes any.
pub(crate) fn wrong_address(url: &str, public: bool) -> Option<&'static str> {
    if !public {
        return None;
    }
    let Ok(url) = Url::parse(url) else {
        return Some("This is not an address that can be called.");
    };
    let private = match url.host() {
        Some(Host::Ipv4(address)) => !is_public(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => !is_public(IpAddr::V6(address)),
        Some(Host::Domain(name)) => is_loopback(&url) || !name.trim_end_matches('.').contains('.'),
        None => true,
    };
    if url.scheme() != "https" {
        Some("Use https. What is sent over http can be read on the way.")
    } else if private {
        Some(PRIVATE)
    } else {
        None
    }
}

/// The addresses of a host, all of which must be ones that we call: a name may have a public and a private one, and
/// which is taken would be chance.
pub(crate) async fn resolve(url: &Url, public: bool) -> Result<Vec<SocketAddr>, Unreachable> {
    if let Some(wrong) = wrong_address(url.as_str(), public) {
        return Err(Unreachable::Refused(wrong));
    }
    let port = url.port_or_known_default().unwrap_or(443);
    let found: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(address)) => vec![(address, port).into()],
        Some(Host::Ipv6(address)) => vec![(address, port).into()],
        Some(Host::Domain(name)) => tokio::net::lookup_host((name, port))
            .await
            .map_err(|_| Unreachable::Unknown)?
            .collect(),
        None => Vec::new(),
    };
    may_call(found, public)
}

fn may_call(found: Vec<SocketAddr>, public: bool) -> Result<Vec<SocketAddr>, Unreachable> {
    if found.is_empty() {
        Err(Unreachable::Unknown)
    } else if public && !found.iter().all(|address| is_public(address.ip())) {
        Err(Unreachable::Refused(PRIVATE))
    } else {
        Ok(found)
    }
}

/// A client for one request: it goes to the addresses that were looked at, whatever the name leads to by now, and follows nothing.
pub(crate) fn client(url: &Url, addresses: &[SocketAddr], public: bool) -> Client {
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .https_only(public)
        .resolve_to_addrs(url.host_str().unwrap_or_default(), addresses)
        .user_agent(concat!("switchboard/", env!("CARGO_PKG_VERSION")))
        .build()
        .expect("a client without special settings always builds")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreachable {
    /// Not an address that we call; says why.
    Refused(&'static str),
    /// Nothing is known by this name.
    Unknown,
}

/// Whether an address is one of the public internet (the registries of special-purpose addresses, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network, shared by carriers, protocol assignments, relays of 6to4, benchmarks, reserved.
        (0, ..) | (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18..=19, _) | (240.., ..) => true,
        _ => false,
    };
    !(special
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inside) = address.to_ipv4_mapped() {
        return is_public_v4(inside);
    }
    let parts = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match parts {
        // NAT64 and 6to4 lead to the address they carry.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(embedded(high, low)),
        [0x2002, high, low, ..] => is_public_v4(embedded(high, low)),
        // Protocol assignments (Teredo among them) and documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Global unicast; all else is local, multicast or not assigned.
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        for public in [
            "8.8.8.8",
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "64:ff9b::808:808",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for inside in [
            "127.0.0.1",
            "127.8.8.8",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.0.170",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:a00:1::",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "5f00::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
    }

    #[test]
    fn a_public_installation_takes_public_addresses_over_https() {
        for good in [
            "https://api.example.com/x",
            "https://8.8.8.8/",
            "https://a.example.com:8443/{x}",
        ] {
            assert_eq!(wrong_address(good, true), None, "{good}");
        }
        for bad in [
            "http://api.example.com/",
            "https://localhost/",
            "https://a.localhost/",
            "https://localhost./",
            "https://intranet/",
            "https://10.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/",
        ] {
            assert!(wrong_address(bad, true).is_some(), "{bad}");
            assert_eq!(wrong_address(bad, false), None, "{bad}");
        }
    }

    #[tokio::test]
    async fn a_name_counts_as_what_it_leads_to() {
        let [outside, inside] = ["8.8.8.8:443", "10.0.0.1:443"].map(|address| address.parse().unwrap());
        let both = vec![outside, inside];
        assert_eq!(may_call(vec![outside], true), Ok(vec![outside]));
        assert_eq!(may_call(both.clone(), true), Err(Unreachable::Refused(PRIVATE)));
        assert_eq!(may_call(both.clone(), false), Ok(both));
        assert_eq!(may_call(Vec::new(), false), Err(Unreachable::Unknown));
        let local: Url = "http://localhost:4000/".parse().unwrap();
        let found = resolve(&local, false).await.unwrap();
        assert!(
            found
                .iter()
                .all(|address| address.ip().is_loopback() && address.port() == 4000)
        );
    }
}
