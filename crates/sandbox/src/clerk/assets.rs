//! What a browser loads from Clerk: its script, and pictures of people.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;

use super::App;
use super::errors::{Answer, Problem};

/// Stands in for Clerk's script where that is not installed.
const SCRIPT: &[u8] = include_bytes!("script.js");

/// The stand-in, or a file of Clerk's own package.
pub async fn script(State(app): App, Path((_, file)): Path<(String, String)>) -> Answer {
    let source = match &app.script {
        None if file == "clerk.browser.js" => Bytes::from_static(SCRIPT),
        // One segment of a path, and a plain name: it cannot lead out of the folder.
        Some(folder) if file.ends_with(".js") && !file.starts_with('.') && !file.contains(['/', '\\']) => {
            let read = tokio::fs::read(folder.join(&file)).await;
            Bytes::from(read.map_err(|_| Problem::not_found("file"))?)
        }
        _ => return Err(Problem::not_found("file")),
    };
    Ok(([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], source).into_response())
}

/// Everybody's picture, for whoever has `img.clerk.com` lead here.
pub async fn picture() -> Response {
    let disc = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4" fill="#667"/></svg>"##;
    ([(header::CONTENT_TYPE, "image/svg+xml")], disc).into_response()
}
