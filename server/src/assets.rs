//! Files of the browser: served before anybody is asked who they are, and kept for a year where their name says what is in them.

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
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

pub async fn serve(State(options): State<LeptosOptions>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if !is_file(path) {
        return next.run(request).await;
    }
    let program = path.starts_with("/pkg/");
    let files = ServeDir::new(&*options.site_root)
        .precompressed_br()
        .precompressed_gzip();
    let mut response = match files.oneshot(request).await {
        Ok(response) => response.into_response(),
        Err(never) => match never {},
    };
    if response.status().is_success() || response.status() == 304 {
        let value = match (program, options.hash_files) {
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
    use super::is_file;

    #[test]
    fn a_page_is_not_taken_for_a_file() {
        for file in ["/icons.svg", "/pkg/switchboard.abc.wasm", "/docs.css"] {
            assert!(is_file(file), "{file}");
        }
        for page in ["/", "/agents", "/agents/a.b", "/pkg", "/api/v1/openapi.json"] {
            assert!(!is_file(page), "{page}");
        }
    }
}
