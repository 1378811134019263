//! The wire: how a page asks the server. One request for all server functions, whatever they take and answer.
//!
//! leptos' own protocol is compiled anew for every function; of this one each function costs the browser only what
//! writes its arguments and reads its answer.

use std::{future::Future, pin::Pin};

use leptos::{
    prelude::window,
    server_fn::{
        Protocol,
        client::Client,
        codec::{FromReq, IntoRes, Json, PostUrl},
        redirect::REDIRECT_HEADER,
        request::Req,
        server::Server,
    },
};
use send_wrapper::SendWrapper;
use serde::{Serialize, de::DeserializeOwned};
use switchboard::read;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::{AppError, kit::browser};

/// The protocol of every server function: `#[server(protocol = Wire)]`. It takes JSON, which calls send, and what a form
/// sends, with a living page or without one; it answers with JSON.
pub struct Wire;

impl<I, O, C, S> Protocol<I, O, C, S, AppError> for Wire
where
    I: Serialize + FromReq<Json, S::Request, AppError> + FromReq<PostUrl, S::Request, AppError> + Send,
    O: DeserializeOwned + IntoRes<Json, S::Response, AppError> + Send,
    C: Client<AppError>,
    S: Server<AppError>,
{
    // What is asked for by GET can be caused by any link on any site.
    const METHOD: http::Method = http::Method::POST;

    async fn run_server<F, Fut>(request: S::Request, run: F) -> Result<S::Response, AppError>
    where
        F: Fn(I) -> Fut + Send,
        Fut: Future<Output = Result<O, AppError>> + Send,
    {
        let is_json = request.to_content_type().is_some_and(|kind| kind.starts_with(JSON));
        let input = if is_json {
            <I as FromReq<Json, _, _>>::from_req(request).await?
        } else {
            <I as FromReq<PostUrl, _, _>>::from_req(request).await?
        };
        run(input).await?.into_res().await
    }

    fn run_client(path: &str, input: I) -> impl Future<Output = Result<O, AppError>> + Send {
        let answer = post(path, JSON, serde_json::to_string(&input).unwrap_or_default());
        async move { decode(&answer.await?) }
    }
}

pub const JSON: &str = "application/json";
pub const FORM: &str = "application/x-www-form-urlencoded";

/// An answer on its way: its JSON, or why there is none.
pub type Post = Pin<Box<dyn Future<Output = Result<String, AppError>> + Send>>;

/// Asks a server function, and goes where it says.
pub fn post(path: &str, kind: &'static str, body: String) -> Post {
    let path = path.to_owned();
    Box::pin(SendWrapper::new(async move {
        let (response, text) = fetch(&path, kind, &body).await.map_err(|_| AppError::unreachable())?;
        if response.status() >= 400 {
            return Err(read::from_str(&text).unwrap_or_else(|_| refused(&response)));
        }
        let headers = response.headers();
        if let Ok(Some(_)) = headers.get(REDIRECT_HEADER) {
            // The viewer changes: the next document must be drawn for whoever it is then.
            browser::go(&headers.get("location").ok().flatten().unwrap_or_else(|| response.url()));
        }
        if is_html(&response) {
            return Err(AppError::intercepted(response.status()));
        }
        Ok(text)
    }))
}

/// Why an answer that is not the product's own came instead.
fn refused(response: &web_sys::Response) -> AppError {
    match response.status() {
        // No function has this name any more. We say so without a page.
        404 | 405 if !is_html(response) => AppError::outdated(),
        status => AppError::intercepted(status),
    }
}

fn is_html(response: &web_sys::Response) -> bool {
    let kind = response.headers().get("content-type").ok().flatten();
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

async fn fetch(path: &str, kind: &str, body: &str) -> Result<(web_sys::Response, String), JsValue> {
    let headers = web_sys::Headers::new()?;
    headers.set("content-type", kind)?;
    headers.set("accept", JSON)?;
    let request = web_sys::RequestInit::new();
    request.set_method("POST");
    request.set_headers_headers(&headers);
    request.set_body(&body.into());
    let response = JsFuture::from(window().fetch_with_str_and_init(path, &request)).await?;
    let response: web_sys::Response = response.unchecked_into();
    let text = JsFuture::from(response.text()?).await?;
    Ok((response, text.as_string().unwrap_or_default()))
}

/// Sends a file to where files are taken, as it is.
pub async fn put_file(path: &str, file: &web_sys::Blob) -> Result<(), AppError> {
    let unreachable = |_: JsValue| AppError::unreachable();
    let request = web_sys::RequestInit::new();
    request.set_method("PUT");
    request.set_body(file);
    let answer = JsFuture::from(window().fetch_with_str_and_init(path, &request))
        .await
        .map_err(unreachable)?;
    let answer: web_sys::Response = answer.unchecked_into();
    if answer.ok() {
        return Ok(());
    }
    let text = JsFuture::from(answer.text().map_err(unreachable)?)
        .await
        .map_err(unreachable)?;
    Err(decode::<AppError>(&text.as_string().unwrap_or_default()).unwrap_or_else(|outdated| outdated))
}

/// Reads what the server said. What cannot be read is from another version of it.
pub fn decode<T: DeserializeOwned>(json: &str) -> Result<T, AppError> {
    read::from_str(json).map_err(|_| AppError::outdated())
}
