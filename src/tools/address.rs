//! Addresses: where a tool's request is sent, with `{name}` for each parameter in the path.

/// Letters, digits, `_` and `-`, and where it may have them dots.
pub(super) fn is_name(name: &str, dots: bool) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-' || (dots && b == b'.'))
}

/// Scheme, host with port, and the rest.
fn parts(url: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    Some((scheme, &rest[..end], &rest[end..]))
}

/// The server of an address, as people know it.
pub fn host(url: &str) -> &str {
    parts(url).map_or("", |(_, host, _)| host)
}

/// Scheme and server: what a secret is meant for.
pub fn origin(url: &str) -> String {
    parts(url).map_or_else(String::new, |(scheme, host, _)| {
        format!("{scheme}://{host}").to_ascii_lowercase()
    })
}

/// The names of the parameters in an address, in order.
pub fn in_path(url: &str) -> impl Iterator<Item = &str> {
    let path = parts(url).map_or("", |(_, _, rest)| rest);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.split('{')
        .skip(1)
        .filter_map(|piece| Some(piece.split_once('}')?.0))
}

/// Says what is wrong with an address, as far as its form tells.
pub(super) fn wrong_address(url: &str) -> Option<&'static str> {
    let Some((scheme, host, rest)) = parts(url).filter(|(scheme, ..)| ["https", "http"].contains(scheme)) else {
        return Some("Enter an address that begins with https://.");
    };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(address, _)| address),
        None => host.split(':').next().unwrap_or_default(),
    };
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    if url.len() > 500 {
        Some("Use at most 500 characters.")
    } else if !url.bytes().all(|b| b.is_ascii_graphic()) {
        Some("Write other letters and spaces as %xx.")
    } else if host.contains('@') {
        Some("Leave name and password out. What signs in belongs under Secret.")
    } else if name.is_empty() || host.contains(['{', '}', '\\']) || scheme.is_empty() {
        Some("Name the server, such as https://api.example.com/visits.")
    } else if rest.contains('#') {
        Some("Leave out what follows #; it is never sent.")
    } else if query.contains(['{', '}']) {
        Some("Add a parameter in the query instead of writing it into the address.")
    } else if !balanced(path) {
        Some("Write parameters as {name}, with letters, digits, _, - and dots.")
    } else {
        None
    }
}

/// Whether every brace of a path belongs to a well-formed `{name}`.
fn balanced(path: &str) -> bool {
    let mut rest = path;
    while let Some(open) = rest.find(['{', '}']) {
        let Some((name, after)) = rest[open..].strip_prefix('{').and_then(|inner| inner.split_once('}')) else {
            return false;
        };
        if !is_name(name, true) {
            return false;
        }
        rest = after;
    }
    true
}
