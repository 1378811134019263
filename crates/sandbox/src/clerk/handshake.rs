//! The handshake: a page that cannot tell who asks sends the browser here, and it comes back with cookies.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use super::super::http;
use super::backend::query;
use super::browser::Browser;
use super::errors::{Answer, Problem};
use super::objects::text;
use super::{App, Clerk, keys};

impl Clerk {
    /// What the application is configured with; it names this host.
    pub fn publishable_key(&self) -> String {
        let host = self.url.split_once("://").map_or(self.url.as_str(), |(_, host)| host);
        format!("pk_test_{}", STANDARD.encode(format!("{host}$")))
    }

    fn suffix(&self) -> String {
        suffix(&self.publishable_key())
    }
}

/// What the names of cookies end with: the beginning of the key's SHA-1.
fn suffix(publishable_key: &str) -> String {
    use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, publishable_key.as_bytes());
    URL_SAFE_NO_PAD.encode(digest.as_ref()).chars().take(8).collect()
}

pub async fn handshake(State(app): App, uri: Uri, headers: HeaderMap) -> Answer {
    let query = query(&uri);
    let back = http::first(&query, "redirect_url").and_then(|text| url::Url::parse(text).ok());
    let back = back.filter(|url| matches!(url.scheme(), "http" | "https"));
    let mut back =
        back.ok_or_else(|| Problem::param("invalid_redirect_url", "redirect_url", "redirect_url is invalid"))?;

    let browser = Browser::of_or_new(&app, &uri, &headers)?;
    let session = browser.session(&app);
    if let (Some(session), Some(organization)) = (&session, http::first(&query, "organization_id")) {
        // One that cannot be activated leaves the session as it is.
        app.activate(text(session, "id"), organization).ok();
    }
    let azp = back.origin().ascii_serialization();
    let token = session
        .as_ref()
        .and_then(|session| app.session_token(text(session, "id"), None, Some(&azp), 60).ok());
    let browser_token = app.world.read(|world| {
        world.clients[&browser.client]["token"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    });
    let since = session
        .as_ref()
        .and_then(|session| session["created_at"].as_i64())
        .map_or(0, |at| at / 1000);

    let suffix = app.suffix();
    let mut cookies = vec![format!("__clerk_db_jwt={browser_token}; Path=/; SameSite=Lax")];
    for name in ["__session".to_owned(), format!("__session_{suffix}")] {
        cookies.push(match &token {
            Some(token) => format!("{name}={token}; Path=/; SameSite=Lax"),
            None => format!("{name}=; Path=/; Max-Age=0; SameSite=Lax"),
        });
    }
    for name in ["__client_uat".to_owned(), format!("__client_uat_{suffix}")] {
        cookies.push(format!("{name}={since}; Path=/; SameSite=Lax"));
    }
    let key = app
        .world
        .read(|world| world.keys.first().cloned())
        .ok_or_else(|| Problem::not_found("key"))?;
    let payload = keys::jwt(&key, &json!({ "handshake": cookies }));
    back.query_pairs_mut().append_pair("__clerk_handshake", &payload);
    let headers = [
        (header::LOCATION, back.to_string()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((StatusCode::TEMPORARY_REDIRECT, headers).into_response())
}

#[cfg(test)]
mod tests {
    #[test]
    fn cookies_are_named_after_the_publishable_key() {
        assert_eq!(super::suffix("pk_test_ZXhhbXBsZS5hY2NvdW50cy5kZXYk"), "PXVV4PZn");
    }
}
