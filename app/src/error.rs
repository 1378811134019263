//! `AppError`: the product's error as leptos carries it between server and browser.

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};
use switchboard::{Error, error::Incident};

/// The orphan rule's price: `Error` belongs to the core, the trait to leptos.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppError(pub Error);

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
            // In the server it is the question that could not be read: a page from before an update asks in old words.
            ServerFnErrorErr::Deserialization(_) if cfg!(feature = "ssr") => Self(unreadable()),
            // The browser could not reach us, or the answer was cut off: nobody's fault to number.
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) | ServerFnErrorErr::Deserialization(_) => {
                Self(Error::Conflict(
                    "The server could not be reached. Nothing was changed; check your connection and try again.".into(),
                ))
            }
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self(unreadable()),
            _ => Self(Error::Internal(Incident("browser".into()))),
        }
    }
}

fn unreadable() -> Error {
    Error::invalid("", "The form was not complete. Reload the page and try again.")
}
