//! The viewer of this page: known before anything is drawn, the same on both sides, until the next full load.

use leptos::prelude::*;
use switchboard::{
    org::OrgId,
    resource::{Action, Kind},
    viewer::Viewer,
};

/// Hands the viewer to the page: the server takes it from the request, the browser from what the server wrote.
pub fn provide_viewer() {
    let viewer = SharedValue::new(|| {
        #[cfg(feature = "ssr")]
        {
            use_context::<http::request::Parts>()
                .and_then(|parts| parts.extensions.get::<Viewer>().cloned())
                .unwrap_or_default()
        }
        #[cfg(not(feature = "ssr"))]
        {
            Viewer::default()
        }
    });
    provide_context(StoredValue::new(viewer.into_inner()));
}

/// # Panics
/// Outside [`crate::App`].
pub fn viewer() -> Viewer {
    use_context::<StoredValue<Viewer>>()
        .expect("App provides the viewer")
        .get_value()
}

/// The organization this page was drawn for; every call to the server says it.
///
/// # Panics
/// On a page that needs no organization: the guard sends people to one before such a page is drawn.
pub fn org() -> OrgId {
    viewer()
        .org_id()
        .cloned()
        .expect("the guard lets nobody in without an organization")
}

pub fn may(action: Action, kind: Kind) -> bool {
    viewer().permit(action, kind)
}
