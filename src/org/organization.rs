//! The organization itself: what people decide about it, and what they see of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{OrgColor, OrgId};
use crate::{
    check::{Check, Checked},
    zone::{LONGEST_NAME, TimeZone},
};

/// What a person decides about an organization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct OrgDraft {
    /// With Clerk it is changed there, and a personal workspace keeps the name of its person.
    pub name: String,
    pub color: OrgColor,
    /// IANA, such as `Europe/Berlin`. Times are written in it for everybody who has no zone of their own.
    pub time_zone: String,
}

impl Default for OrgDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            color: OrgColor::default(),
            time_zone: TimeZone::default().into(),
        }
    }
}

impl Checked for OrgDraft {
    fn check(&self, check: &mut Check) {
        check.text("name", &self.name, 1..=80);
        check.text("time_zone", &self.time_zone, 1..=LONGEST_NAME);
        check.time_zone("time_zone", &self.time_zone);
        check.beyond("name", "it is a personal workspace's, or changed at Clerk");
    }
}

/// An organization as its members see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Organization {
    pub id: OrgId,
    pub name: String,
    pub color: OrgColor,
    pub time_zone: TimeZone,
    /// Whether it is the workspace of one person.
    pub personal: bool,
    /// Raised by every save; send it back with an update.
    pub revision: i64,
    pub created_at: DateTime<Utc>,
}

impl Organization {
    pub fn draft(&self) -> OrgDraft {
        OrgDraft {
            name: self.name.clone(),
            color: self.color,
            time_zone: self.time_zone.to_string(),
        }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn an_organization_has_a_name_and_a_zone_that_is_known() {
        let refused = |draft: &OrgDraft| match Check::run(draft) {
            Ok(()) => Vec::new(),
            Err(error) => error.fields().iter().map(|error| error.field.clone()).collect(),
        };
        let named = OrgDraft {
            name: "Larkfield".into(),
            ..OrgDraft::default()
        };
        assert_eq!(refused(&named), [""; 0]);
        assert_eq!(refused(&OrgDraft::default()), ["name"]);
        for zone in ["", "Berlin"] {
            let draft = OrgDraft {
                time_zone: zone.into(),
                ..named.clone()
            };
            assert_eq!(refused(&draft), ["time_zone"], "{zone:?}");
        }
    }
}
