//! `AppError`: the product's error as leptos carries it between server and browser.

use leptos::server_fn::{
    Bytes,
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};
use switchboard::{Error, error::Incident};

use crate::wire;

/// The orphan rule's price: `Error` belongs to the core, the trait to leptos.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppError(pub Error);

impl AppError {
    /// The browser could not reach us, or the answer was lost on its way: what was asked for may be done. Nobody's fault to number.
    pub fn unreachable() -> Self {
        Self(Error::Conflict(
            "No answer came from the server. Check your connection. What you did may have been done all the same: look before you try \
             it again."
                .into(),
        ))
    }

    /// The server is of another version than the page: it does not know what was asked, or answers in another way.
    pub fn outdated() -> Self {
        Self(Error::Conflict(
            "The server was updated since this page was loaded. Reload the page, and look whether it was done before you try it again."
                .into(),
        ))
    }

    /// Something answered in the server's place: a proxy, or the sign-in page of a network.
    pub fn intercepted(status: u16) -> Self {
        Self(Error::Conflict(format!(
            "Something between you and the server answered in its place (status {status}). What you did may have been done all \
             the same: look before you try it again. If it goes on, open this page anew."
        )))
    }
}

impl From<Error> for AppError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl std::fmt::Display for AppError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for AppError {}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    /// What went wrong around a server function rather than inside it.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => Self::unreachable(),
            // Only the server still reads what a page has written.
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                Self(Error::invalid(
                    "",
                    "The page sent something else than this version of the server expects. Reload it and try again.",
                ))
            }
            _ => Self(Error::Internal(Incident("browser".into()))),
        }
    }

    /// From the address, where a form without a living page finds why it was refused.
    fn de(json: Bytes) -> Self {
        std::str::from_utf8(&json).map_or_else(
            |_| Self::unreachable(),
            |json| wire::decode(json).unwrap_or_else(|error| error),
        )
    }
}
