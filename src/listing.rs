//! Lists: the one shape of a page of rows, and of asking for it.

use serde::{Deserialize, Serialize};

/// Rows on one page, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Listing<T> {
    pub items: Vec<T>,
    /// Pass as `cursor` for the rows that follow; absent on the last page.
    pub next: Option<String>,
}

/// Which page: how many rows, and after which one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Page {
    /// 1 to 100; 50 if absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

#[cfg(feature = "ssr")]
mod ssr {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use chrono::{DateTime, Utc};
    use hmac::{Hmac, Mac};
    use serde::Serialize;
    use sha2::Sha256;
    use uuid::Uuid;

    use super::{Listing, Page};
    use crate::{
        error::{Error, Result},
        org::OrgId,
    };

    /// Where a page begins: rows that sort after this one, newest first.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Position {
        pub at: DateTime<Utc>,
        pub id: Uuid,
    }

    impl Position {
        /// Before every row, so that the first page runs the same statement with the same index as all others.
        fn start() -> Self {
            Self {
                at: DateTime::<Utc>::MAX_UTC.min(DateTime::from_timestamp(253_402_300_799, 0).unwrap_or_default()),
                id: Uuid::max(),
            }
        }
    }

    /// What a page asks of the store: at most `limit` rows after `after`.
    #[derive(Clone, Copy, Debug)]
    pub struct Window {
        pub after: Position,
        limit: usize,
    }

    impl Window {
        /// The first page, for whoever asks without a cursor of its own.
        pub(crate) fn first(limit: usize) -> Self {
            Self {
                after: Position::start(),
                limit,
            }
        }

        /// The rows after one, for whoever reads on without a cursor.
        pub(crate) fn following(after: Position, limit: usize) -> Self {
            Self { after, limit }
        }

        /// One row more than shown, to know whether another page follows without counting.
        pub fn fetch(&self) -> i64 {
            self.limit as i64 + 1
        }
    }

    /// Signs cursors for one organization and one set of filters: elsewhere they are refused, not merely empty.
    #[derive(Clone)]
    pub struct Cursors(Hmac<Sha256>);

    impl Cursors {
        pub fn new(key: &[u8; 32]) -> Self {
            Self(Hmac::new_from_slice(key).expect("HMAC takes a key of any length"))
        }

        pub fn window(&self, org: &OrgId, kind: &str, filter: &impl Serialize, page: &Page) -> Result<Window> {
            let limit = page.limit.unwrap_or(50);
            if !(1..=100).contains(&limit) {
                return Err(Error::invalid("limit", "Use 1 to 100."));
            }
            let after = match page.cursor.as_deref() {
                None | Some("") => Position::start(),
                Some(cursor) => self.open(org, kind, filter, cursor).ok_or_else(|| {
                    Error::invalid(
                        "cursor",
                        "This cursor belongs to another list. Start again without one.",
                    )
                })?,
            };
            Ok(Window {
                after,
                limit: limit as usize,
            })
        }

        /// Cuts the extra row off and signs the way on.
        pub fn listing<T>(
            &self,
            org: &OrgId,
            kind: &str,
            filter: &impl Serialize,
            window: Window,
            mut items: Vec<T>,
            position: impl Fn(&T) -> Position,
        ) -> Listing<T> {
            let more = items.len() > window.limit;
            items.truncate(window.limit);
            let next = items
                .last()
                .filter(|_| more)
                .map(|last| self.seal(org, kind, filter, position(last)));
            Listing { items, next }
        }

        fn seal(&self, org: &OrgId, kind: &str, filter: &impl Serialize, position: Position) -> String {
            let mut bytes = Vec::with_capacity(40);
            bytes.extend_from_slice(&position.at.timestamp_micros().to_be_bytes());
            bytes.extend_from_slice(position.id.as_bytes());
            let tag = self.tag(org, kind, filter, &bytes).finalize().into_bytes();
            bytes.extend_from_slice(&tag[..16]);
            URL_SAFE_NO_PAD.encode(bytes)
        }

        fn open(&self, org: &OrgId, kind: &str, filter: &impl Serialize, cursor: &str) -> Option<Position> {
            let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().filter(|bytes| bytes.len() == 40)?;
            let (body, tag) = bytes.split_at(24);
            self.tag(org, kind, filter, body).verify_truncated_left(tag).ok()?;
            let at = DateTime::from_timestamp_micros(i64::from_be_bytes(body[..8].try_into().ok()?))?;
            Some(Position {
                at,
                id: Uuid::from_slice(&body[8..]).ok()?,
            })
        }

        fn tag(&self, org: &OrgId, kind: &str, filter: &impl Serialize, body: &[u8]) -> Hmac<Sha256> {
            let filter = serde_json::to_vec(filter).expect("filters are plain data");
            let mut mac = self.0.clone();
            for part in [org.as_str().as_bytes(), kind.as_bytes(), &filter, body] {
                mac.update(&(part.len() as u64).to_be_bytes());
                mac.update(part);
            }
            mac
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn position() -> Position {
            Position {
                at: DateTime::from_timestamp_micros(1_763_700_000_123_456).unwrap(),
                id: Uuid::now_v7(),
            }
        }

        #[test]
        fn a_cursor_opens_only_for_its_organization_and_filters() {
            let cursors = Cursors::new(&[7; 32]);
            let (mine, other) = (OrgId::parse("org_a").unwrap(), OrgId::parse("org_b").unwrap());
            let at = position();
            let cursor = cursors.seal(&mine, "agents", &"q", at);
            assert_eq!(cursors.open(&mine, "agents", &"q", &cursor), Some(at));
            assert_eq!(cursors.open(&other, "agents", &"q", &cursor), None);
            assert_eq!(cursors.open(&mine, "calls", &"q", &cursor), None);
            assert_eq!(cursors.open(&mine, "agents", &"r", &cursor), None);
            assert_eq!(Cursors::new(&[8; 32]).open(&mine, "agents", &"q", &cursor), None);
        }

        #[test]
        fn a_cursor_changed_in_any_byte_is_refused() {
            let cursors = Cursors::new(&[7; 32]);
            let org = OrgId::parse("org_a").unwrap();
            let bytes = URL_SAFE_NO_PAD
                .decode(cursors.seal(&org, "agents", &(), position()))
                .unwrap();
            for i in 0..bytes.len() {
                let mut changed = bytes.clone();
                changed[i] ^= 1;
                assert_eq!(
                    cursors.open(&org, "agents", &(), &URL_SAFE_NO_PAD.encode(changed)),
                    None,
                    "byte {i}"
                );
            }
        }
    }
}
#[cfg(feature = "ssr")]
pub use ssr::{Cursors, Position, Window};
