//! Which tab of a browser has the stream of changes: whoever renewed the lease last. A browser has six connections to a server
//! over HTTP/1.1, and a stream in each tab would use them up.

/// The lease as tabs write it for each other: who has it, and when they said so last, in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    pub tab: String,
    pub at: i64,
}

/// A lease that nobody renewed for as long is nobody's.
const LASTS_MS: i64 = 3_500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// This tab has it, and renews it.
    Lead,
    /// Nobody has it: this tab takes it, and has it unless another one took it at the same moment.
    Claim,
    Follow,
}

impl Lease {
    pub fn read(text: &str) -> Option<Self> {
        let (tab, at) = text.split_once(' ')?;
        Some(Self {
            tab: tab.to_owned(),
            at: at.parse().ok()?,
        })
    }

    pub fn write(&self) -> String {
        format!("{} {}", self.tab, self.at)
    }
}

/// What this tab does about the lease. One from the future was written before the clock was set back.
pub fn turn(lease: Option<&Lease>, tab: &str, now: i64) -> Turn {
    match lease {
        Some(lease) if lease.tab == tab => Turn::Lead,
        Some(lease) if (0..LASTS_MS).contains(&now.saturating_sub(lease.at)) => Turn::Follow,
        _ => Turn::Claim,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(tab: &str, at: i64) -> Lease {
        Lease {
            tab: tab.to_owned(),
            at,
        }
    }

    #[test]
    fn one_tab_leads_while_it_renews_and_another_takes_over_when_it_does_not() {
        assert_eq!(turn(None, "a", 0), Turn::Claim);
        assert_eq!(turn(Some(&lease("a", 0)), "a", 90_000), Turn::Lead);
        assert_eq!(turn(Some(&lease("b", 1_000)), "a", 2_000), Turn::Follow);
        assert_eq!(turn(Some(&lease("b", 1_000)), "a", 4_500), Turn::Claim);
    }

    #[test]
    fn a_clock_that_was_set_back_leaves_no_tab_without_a_stream() {
        assert_eq!(turn(Some(&lease("b", 9_000_000)), "a", 1_000), Turn::Claim);
    }

    #[test]
    fn a_lease_reads_back_as_itself_and_nonsense_is_none() {
        let written = lease("0198", 1_764_450_000_123);
        assert_eq!(Lease::read(&written.write()), Some(written));
        for text in ["", "a", "a b", "0198 "] {
            assert_eq!(Lease::read(text), None, "{text}");
        }
    }
}
