//! How the sandbox listens, and the answers that no well-behaved server gives.

use std::net::Ipv4Addr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long an open connection may outlive the sandbox.
const PATIENCE: Duration = Duration::from_secs(2);

pub struct Door {
    listener: TcpListener,
    pub url: String,
}

pub struct Server {
    pub url: String,
    task: JoinHandle<()>,
}

/// Loopback only: nothing here is meant for anybody else.
pub async fn bind(port: u16) -> std::io::Result<Door> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok(Door { listener, url })
}

impl Door {
    pub fn serve(self, router: Router, stop: CancellationToken) -> Server {
        let listener = self.listener.tap_io(|stream| {
            // Without it a small answer can wait 40 ms for a delayed acknowledgement.
            if let Err(cause) = stream.set_nodelay(true) {
                tracing::debug!(%cause, "nodelay");
            }
        });
        let serve = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
        let task = tokio::spawn(async move {
            let patience = async {
                stop.cancelled().await;
                tokio::time::sleep(PATIENCE).await;
            };
            tokio::select! {
                result = serve => if let Err(cause) = result { tracing::error!(%cause, "sandbox") },
                () = patience => {}
            }
        });
        Server { url: self.url, task }
    }
}

impl Server {
    pub async fn closed(self) {
        if let Err(cause) = self.task.await {
            tracing::warn!(%cause, "a sandbox server did not end well");
        }
    }
}

/// Cuts the connection instead of answering: the body fails before the head has left the buffer.
pub fn cut() -> Response<Body> {
    let broken = futures_util::stream::iter([Err::<bytes::Bytes, _>(std::io::Error::other("cut"))]);
    let mut response = Response::new(Body::from_stream(broken));
    response.headers_mut().insert(header::CONTENT_LENGTH, 1.into());
    response
}

/// Says that it is JSON and is not.
pub fn garbage() -> Response<Body> {
    let mut response = Response::new(Body::from("{\"results\": [{\"id\": \"0b1f"));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    response
}

pub fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
}

pub fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The decoded pairs of a query string or a form, in their order.
pub fn pairs(encoded: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(encoded.as_bytes()).into_owned().collect()
}

pub fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

/// All values of `name`, written `name=a&name=b`, `name[]=a` or `name=a,b`.
pub fn all<'a>(pairs: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    pairs
        .iter()
        .filter(|(key, _)| key.strip_suffix("[]").unwrap_or(key) == name)
        .flat_map(|(_, value)| value.split(','))
        .filter(|value| !value.is_empty())
        .collect()
}
