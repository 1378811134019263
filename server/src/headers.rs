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

/// What a document may load from elsewhere; nothing with our own accounts.
#[derive(Default)]
struct Foreign {
    script: String,
    connect: String,
    image: &'static str,
    style: String,
    rest: &'static str,
}

impl Foreign {
    /// Clerk's script, the styles it adds under our nonce, its worker, and the test for people it may show.
    fn clerk(script: &str, nonce: &str) -> Self {
        let origin = script.split('/').take(3).collect::<Vec<_>>().join("/");
        Self {
            script: format!(" {origin} https://challenges.cloudflare.com"),
            connect: format!(" {origin}"),
            image: " https://img.clerk.com",
            style: format!(" 'nonce-{nonce}'"),
            rest: "; worker-src 'self' blob:; frame-src https://challenges.cloudflare.com",
        }
    }
}

fn policy(core: &Core, nonce: &str) -> HeaderValue {
    let Foreign {
        script,
        connect,
        image,
        style,
        rest,
    } = match &core.installation.identity {
        Identity::Local => Foreign::default(),
        Identity::Clerk { script, .. } => Foreign::clerk(script, nonce),
    };
    // `cargo leptos watch` reloads the page over a websocket of its own.
    let reload = std::env::var("LEPTOS_WATCH").map_or("", |_| " ws://127.0.0.1:* ws://localhost:*");
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'nonce-{nonce}'{script}; style-src 'self'{style}; \
         img-src 'self' data:{image}; media-src 'self' blob:; font-src 'self'; connect-src 'self'{connect}{reload}; \
         manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'{rest}"
    );
    HeaderValue::try_from(policy).expect("a policy is plain text")
}
