//! Security headers of every answer, and the nonce of every document.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use leptos::nonce::Nonce;
use switchboard::{core::Core, viewer::Identity};

/// Headers that are the same on every answer.
const ALWAYS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), payment=(), usb=()",
    ),
];

/// Mints the nonce that the page's own inline scripts carry, and says what a browser may do with the answer.
pub async fn secure(State(core): State<Core>, mut request: Request, next: Next) -> Response {
    let nonce = Nonce::new();
    request.extensions_mut().insert(nonce.clone());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let document = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if document && !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy(&core, &nonce));
    }
    if core.public_url.scheme() == "https" {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    // Whatever does not say otherwise is somebody's, and not for any cache.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

fn policy(core: &Core, nonce: &str) -> HeaderValue {
    let (script, connect, image) = match &core.installation.identity {
        Identity::Local => (String::new(), String::new(), ""),
        Identity::Clerk { script, .. } => {
            let origin = script.split('/').take(3).collect::<Vec<_>>().join("/");
            (format!(" {origin}"), format!(" {origin}"), " https://img.clerk.com")
        }
    };
    // `cargo leptos watch` reloads the page over a websocket of its own.
    let reload = std::env::var("LEPTOS_WATCH").map_or("", |_| " ws://127.0.0.1:* ws://localhost:*");
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'nonce-{nonce}'{script}; style-src 'self'; \
         img-src 'self' data:{image}; media-src 'self' blob:; font-src 'self'; connect-src 'self'{connect}{reload}; \
         manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("a policy is plain text")
}
