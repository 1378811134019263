//! Assets: what never changes under its name is kept for a year, documents never.

use axum::{
    extract::Request,
    http::{HeaderValue, header},
    middleware::Next,
    response::Response,
};

pub async fn cache(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let hashed = path.starts_with("/pkg/") && !path.starts_with("/pkg/snippets/");
    let drawing = path.ends_with(".svg");
    let mut response = next.run(request).await;
    let good = response.status().is_success() || response.status() == 304;
    let value = match (good, hashed, drawing) {
        (true, true, _) => "public, max-age=31536000, immutable",
        (true, _, true) => "public, max-age=3600",
        _ => return response,
    };
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
    response
}
