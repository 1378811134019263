//! Icons and lamps: shapes from `/icons.svg`, no bytes in the bundle.

use leptos::prelude::*;

/// An icon never stands alone: the control around it carries the words.
pub fn icon(name: &str) -> AnyView {
    view! {
        <svg class="icon" aria-hidden="true">
            <use href=format!("/icons.svg#i-{name}")></use>
        </svg>
    }
    .into_any()
}

/// The state of a thing: a shape and a colour, always with a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusDot {
    Live,
    Ring,
    Wait,
    Work,
    Move,
    Done,
    /// Not connected: nobody is at fault.
    None,
    Hold,
    Warn,
    /// Somebody must fix it.
    Fail,
    Stop,
    Draft,
    Off,
}

impl StatusDot {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Ring => "ring",
            Self::Wait => "wait",
            Self::Work => "work",
            Self::Move => "move",
            Self::Done => "done",
            Self::None => "none",
            Self::Hold => "hold",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Stop => "stop",
            Self::Draft => "draft",
            Self::Off => "off",
        }
    }
}

pub fn status_dot(state: StatusDot, word: impl Into<String>) -> AnyView {
    draw("lamp", state, word.into())
}

pub fn status_badge(state: StatusDot, word: impl Into<String>) -> AnyView {
    draw("lamp boxed", state, word.into())
}

/// The word is there for screen readers only.
pub fn bare_dot(state: StatusDot, word: impl Into<String>) -> AnyView {
    draw("lamp bare", state, word.into())
}

fn draw(class: &'static str, state: StatusDot, word: String) -> AnyView {
    view! {
        <span class=class data-s=state.word()>
            <svg aria-hidden="true">
                <use href=format!("/icons.svg#l-{}", state.word())></use>
            </svg>
            <span>{word}</span>
        </span>
    }
    .into_any()
}
