//! The viewer of this page: known before anything is drawn, the same on both sides, until the next full load.

use leptos::{
    prelude::*,
    server::codee::{Decoder, Encoder},
};
use switchboard::{
    org::OrgId,
    read::{self, DecodeError},
    resource::{Action, Kind},
    viewer::Viewer,
};

/// Hands the viewer to the page, and with it the zone that times are written in: the server takes it from the request, the browser from what the server wrote.
pub fn provide_viewer() {
    let viewer = SharedValue::<Viewer, AsJson>::new_with_encoding(|| {
        #[cfg(feature = "ssr")]
        {
            with_context(|parts: &http::request::Parts| parts.extensions.get::<Viewer>().cloned())
                .flatten()
                .unwrap_or_default()
        }
        #[cfg(not(feature = "ssr"))]
        {
            Viewer::default()
        }
    });
    let viewer = viewer.into_inner();
    provide_context(viewer.zone.clone());
    provide_context(StoredValue::new(viewer));
}

/// How the viewer travels with the page: as serde writes it.
struct AsJson;

impl Encoder<Viewer> for AsJson {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(viewer: &Viewer) -> Result<String, serde_json::Error> {
        serde_json::to_string(viewer)
    }
}

impl Decoder<Viewer> for AsJson {
    type Error = DecodeError;
    type Encoded = str;

    fn decode(json: &str) -> Result<Viewer, DecodeError> {
        read::from_str(json)
    }
}

/// # Panics
/// Outside [`crate::App`].
pub fn viewer() -> Viewer {
    known(Viewer::clone)
}

fn known<T>(ask: impl FnOnce(&Viewer) -> T) -> T {
    use_context::<StoredValue<Viewer>>()
        .expect("App provides the viewer")
        .with_value(ask)
}

/// The organization this page was drawn for; every call to the server says it.
///
/// # Panics
/// On a page that needs no organization: the guard sends people to one before such a page is drawn.
pub fn org() -> OrgId {
    known(|viewer| viewer.org_id().cloned()).expect("the guard lets nobody in without an organization")
}

pub fn may(action: Action, kind: Kind) -> bool {
    known(|viewer| viewer.permit(action, kind))
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use switchboard::{
        money::Micros,
        org::{OrgColor, Permissions, Role, UserId},
        viewer::{CurrentOrg, Identity, Installation, Person},
        zone::{Offsets, TimeZone},
    };

    use super::*;

    #[test]
    fn the_viewer_arrives_as_it_left() {
        let identity = Identity::Clerk {
            publishable_key: "pk_test".to_owned(),
            script: "https://clerk.example/script.js".to_owned(),
        };
        let viewer = Viewer {
            person: Some(Person {
                id: UserId::parse("user_a").unwrap(),
                name: "Ada".to_owned(),
                email: "ada@example.com".to_owned(),
                email_verified: true,
                time_zone: Some(TimeZone::parse("Asia/Kolkata").unwrap()),
            }),
            place: Some(CurrentOrg {
                org_id: OrgId::parse("org_a").unwrap(),
                name: "Front desks".to_owned(),
                color: OrgColor::Fern,
                time_zone: TimeZone::parse("America/New_York").unwrap(),
                role: Role::Operator,
                permissions: Permissions::of_role(Role::Operator),
                balance: Micros(-1),
            }),
            zone: Offsets::of(&TimeZone::parse("Europe/Berlin").unwrap(), chrono::Utc::now()),
            installation: Installation {
                identity,
                ..Installation::default()
            },
        };
        for viewer in [viewer, Viewer::default()] {
            let json = AsJson::encode(&viewer).unwrap();
            assert_eq!(AsJson::decode(&json), Ok(viewer));
        }
    }
}
