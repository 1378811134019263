//! Icons and lamps: shapes from one sheet, no bytes in the bundle.

use std::str;

use leptos::prelude::*;

/// The address of the sheet. It says what is in the sheet, so that a browser keeps it for good, and after an update of the server
/// no page shows the symbols of the one before.
pub const ICONS: &str = match str::from_utf8(&NAME) {
    Ok(name) => name,
    Err(_) => panic!("hexadecimal digits are ASCII"),
};

const NAME: [u8; 27] = {
    let (mut name, digits) = (*b"/icons.0000000000000000.svg", b"0123456789abcdef");
    let mut hash = fnv_1a(include_bytes!("../../../public/icons.svg"));
    let mut at = 7;
    while at < 23 {
        name[at] = digits[(hash >> 60) as usize];
        hash <<= 4;
        at += 1;
    }
    name
};

const fn fnv_1a(bytes: &[u8]) -> u64 {
    let (mut hash, mut at) = (0xcbf2_9ce4_8422_2325_u64, 0);
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}

/// An icon never stands alone: the control around it carries the words.
pub fn icon(name: &str) -> AnyView {
    view! {
        <svg class="icon" aria-hidden="true">
            <use href=format!("{ICONS}#i-{name}")></use>
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
                <use href=format!("{ICONS}#l-{}", state.word())></use>
            </svg>
            <span>{word}</span>
        </span>
    }
    .into_any()
}
