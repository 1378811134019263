//! Files of the browser: served before anybody is asked who they are, and kept for a year where their name says what is in them.

use app::kit::ICONS;
use axum::{
    extract::{Request, State},
    http::{HeaderValue, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use leptos::config::LeptosOptions;
use tower::ServiceExt;
use tower_http::services::ServeDir;

/// Files lie flat beside the folder of the browser's program; no page has a dot in its name.
pub fn is_file(path: &str) -> bool {
    let path = path.trim_start_matches('/');
    path.starts_with("pkg/") || (path.contains('.') && !path.contains('/'))
}

/// The sheet of icons lies there under a name that says nothing of what is in it; a page of another version gets ours.
const SHEET: &str = "/icons.svg";

pub async fn serve(State(options): State<LeptosOptions>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if !is_file(path) {
        return next.run(request).await;
    }
    let program = path.starts_with("/pkg/");
    let icons = path == ICONS;
    if path.starts_with("/icons.") {
        *request.uri_mut() = Uri::from_static(SHEET);
    }
    let files = ServeDir::new(&*options.site_root)
        .precompressed_br()
        .precompressed_gzip();
    let mut response = match files.oneshot(request).await {
        Ok(response) => response.into_response(),
        Err(never) => match never {},
    };
    if response.status().is_success() || response.status() == 304 {
        let value = match (program || icons, options.hash_files || icons) {
            (true, true) => "public, max-age=31536000, immutable",
            // While somebody edits, names stay and what is in the files does not.
            (true, false) => "no-cache",
            (false, _) => "public, max-age=3600",
        };
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::{ICONS, is_file};

    #[test]
    fn a_page_is_not_taken_for_a_file() {
        for file in [ICONS, "/pkg/switchboard.abc.wasm", "/docs.css"] {
            assert!(is_file(file), "{file}");
        }
        for page in ["/", "/agents", "/agents/a.b", "/pkg", "/api/v1/openapi.json"] {
            assert!(!is_file(page), "{page}");
        }
    }
}
