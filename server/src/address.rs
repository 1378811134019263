//! Addresses: where a request comes from, as far as somebody trustworthy says it.

use std::net::{IpAddr, SocketAddr};

use axum::{extract::ConnectInfo, http::Extensions, http::HeaderMap};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The client's address. Each of the `trusted` proxies in front adds at the right whom it answers, so the client stands
/// that many places from the right; what stands further left is whatever the client wrote there itself.
pub fn of(extensions: &Extensions, headers: &HeaderMap, trusted: usize) -> Option<IpAddr> {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip();
    Some(forwarded(headers, trusted).unwrap_or(peer).to_canonical())
}

/// None where no proxy is trusted, or the header is not what trusted ones write.
fn forwarded(headers: &HeaderMap, trusted: usize) -> Option<IpAddr> {
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let mut places = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    read(places.nth(trusted.checked_sub(1)?)?.trim())
}

/// Some proxies add the port.
fn read(text: &str) -> Option<IpAddr> {
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    text.parse().ok().or_else(bare).or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(lines: &[&str], trusted: usize) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 4000))));
        of(&extensions, &headers, trusted).unwrap().to_string()
    }

    #[test]
    fn the_client_stands_as_far_from_the_right_as_there_are_proxies() {
        let said = ["192.0.2.1, 198.51.100.2", "203.0.113.3"];
        assert_eq!(from(&said, 0), "10.0.0.1");
        assert_eq!(from(&said, 1), "203.0.113.3");
        assert_eq!(from(&said, 2), "198.51.100.2");
        assert_eq!(from(&said, 3), "192.0.2.1");
        // What a client writes itself only ever stands further left.
        assert_eq!(from(&["127.0.0.1,garbage,203.0.113.3"], 1), "203.0.113.3");
    }

    #[test]
    fn a_header_that_is_too_short_or_not_understood_counts_for_nothing() {
        assert_eq!(from(&[], 1), "10.0.0.1");
        assert_eq!(from(&["203.0.113.3"], 2), "10.0.0.1");
        for odd in [
            "",
            ",",
            "unknown",
            "203.0.113.3,",
            "203.0.113",
            "203.0.113.3 198.51.100.2",
            "\"203.0.113.3\"",
            "[::1",
            "1:2",
        ] {
            assert_eq!(from(&[odd], 1), "10.0.0.1", "{odd}");
        }
        assert_eq!(from(&["203.0.113.3"], usize::MAX), "10.0.0.1");
    }

    #[test]
    fn ports_and_the_other_ways_to_write_an_address_are_understood() {
        for (written, meant) in [
            ("203.0.113.3:4711", "203.0.113.3"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("::ffff:203.0.113.3", "203.0.113.3"),
        ] {
            assert_eq!(from(&[written], 1), meant, "{written}");
        }
    }
}
