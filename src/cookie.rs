//! Cookies: how they are read, of a request and of a browser alike.

/// The value of one cookie among these lines. A request has one line or, by HTTP/2, one for each cookie; a browser's script
/// sees one line.
pub fn find<'a>(lines: impl IntoIterator<Item = &'a str>, name: &str) -> Option<&'a str> {
    lines
        .into_iter()
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let line = ["xswitchboard=no; switchboard=yes; switchboard2=no"];
        assert_eq!(find(line, "switchboard"), Some("yes"));
        assert_eq!(find(line, "board"), None);
        assert_eq!(find(["a=b=c"], "a"), Some("b=c"));
        assert_eq!(find(["a="], "a"), Some(""));
        assert_eq!(find(["a"], "a"), None);
    }

    #[test]
    fn each_cookie_may_have_a_line_of_its_own_and_spaces_are_nothing() {
        let lines = ["scheme=dark", "keys=off;columns=name ; panel=closed"];
        for (name, value) in [
            ("scheme", "dark"),
            ("keys", "off"),
            ("columns", "name"),
            ("panel", "closed"),
        ] {
            assert_eq!(find(lines, name), Some(value), "{name}");
        }
    }
}
