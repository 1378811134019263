//! How pages ask: from any origin, with two methods, on the host that servers ask too.

use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::super::http;
use super::backend::query;

/// Whether a browser asks, not a program with a secret key. A page that asks another host always says where it is from.
pub fn is_browser(request: &Request) -> bool {
    let path = request.uri().path();
    let own = [
        "/v1/client",
        "/v1/environment",
        "/v1/dev_browser",
        "/v1/me",
        "/.well-known/",
        "/npm/",
        "/sandbox",
    ];
    let has_key = http::text(request.headers(), "authorization").is_some_and(|value| value.starts_with("Bearer sk_"));
    own.iter().any(|own| path.starts_with(own)) || request.headers().contains_key(header::ORIGIN) && !has_key
}

/// Clerk's script sends GET and POST alone, and says in the query which method it means.
pub fn with_its_method(mut request: Request) -> Request {
    if request.method() == Method::POST {
        let query = query(request.uri());
        let meant = http::first(&query, "_method").and_then(|name| name.to_ascii_uppercase().parse().ok());
        if let Some(method @ (Method::PUT | Method::PATCH | Method::DELETE)) = meant {
            *request.method_mut() = method;
        }
    }
    request
}

/// A development instance lets every origin in, with credentials.
pub async fn allow(request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/_sandbox") {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let asked = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let mut response = if request.method() == Method::OPTIONS && origin.is_some() {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE"),
        );
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("Authorization, Retry-After"),
        );
        if let Some(asked) = asked {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked);
        }
    }
    response
}
