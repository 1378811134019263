//! Loading: the four states of everything that comes from the server, decided once.

use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use super::fault::problem;
use crate::AppError;

/// What a page loads.
pub type Loading<T> = Resource<Result<T, AppError>>;

/// Draws what has loaded, keeps it while it loads again, and says what failed. `what` as in "The agents did not load";
/// `content` draws emptiness itself, because only it knows why there is nothing.
pub fn loaded<T>(
    resource: Loading<T>,
    what: &'static str,
    skeleton: fn() -> AnyView,
    content: impl Fn(T) -> AnyView + Clone + Send + Sync + 'static,
) -> AnyView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let drawn = move || {
        let content = content.clone();
        Suspend::new(async move {
            match resource.await {
                Ok(value) => content(value),
                Err(error) => failed(&error, what),
            }
        })
    };
    view! { <Transition fallback=skeleton>{drawn}</Transition> }.into_any()
}

fn failed(error: &AppError, what: &str) -> AnyView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>()
        && let Ok(status) = http::StatusCode::from_u16(error.0.status())
    {
        response.set_status(status);
    }
    problem(&error.0, what)
}

/// The shape of a list that is on its way. It shows after 150 ms, so that quick answers do not flicker.
pub fn skeleton_rows() -> AnyView {
    let rows = ["w58", "w44", "w66", "w51", "w58", "w44"].map(|width| {
        view! {
            <div>
                <span class="skel dot"></span>
                <span class="grow stack s2">
                    <span class=format!("skel {width}")></span>
                    <span class="skel thin w29"></span>
                </span>
                <span class="skel end"></span>
            </div>
        }
    });
    view! {
        <div class="card late">
            <div class="rows" role="status" aria-busy="true" aria-label="Loading">{rows.into_iter().collect_view()}</div>
        </div>
    }
    .into_any()
}
