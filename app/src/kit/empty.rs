//! Empty states: a strip of jacks, what belongs here, and one way on.

use leptos::prelude::*;

/// What the strip of jacks shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Illustration {
    /// Nothing plugged in yet.
    Empty,
    /// All is connected: nothing to do.
    Connected,
    /// The cord is cut: something failed.
    Error,
    /// A wall before the cord: not for this role.
    Forbidden,
}

pub fn illustration(kind: Illustration) -> AnyView {
    let drawn = match kind {
        Illustration::Empty => view! {
            <path class="cord" d="M22 76C60 96 92 60 108 58"></path>
            <rect class="plug" x="106" y="54" width="16" height="8" rx="2" transform="rotate(-14 114 58)"></rect>
        }
        .into_any(),
        Illustration::Connected => view! {
            <path class="cord" d="M54 22C54 80 122 80 122 22"></path>
            <circle class="plug" cx="54" cy="22" r="6"></circle>
            <circle class="plug" cx="122" cy="22" r="6"></circle>
        }
        .into_any(),
        Illustration::Error => view! {
            <path class="cord" d="M54 22C54 56 76 58 84 60M96 64c14 4 26-6 26-42"></path>
            <circle class="plug" cx="54" cy="22" r="6"></circle>
            <circle class="plug" cx="122" cy="22" r="6"></circle>
        }
        .into_any(),
        Illustration::Forbidden => view! {
            <path class="cord" d="M20 22C20 70 70 74 96 62"></path>
            <circle class="plug" cx="20" cy="22" r="6"></circle>
            <path class="wall" d="M112 44v36"></path>
        }
        .into_any(),
    };
    let holes = [20, 54, 88, 122, 156, 190].map(|x| {
        view! {
            <circle class="hole" cx=x cy="22" r="9"></circle>
            <circle class="pin" cx=x cy="22" r="2.5"></circle>
        }
    });
    view! {
        <svg class="jackstrip" viewBox="0 0 210 92" aria-hidden="true">
            {holes.into_iter().collect_view()}
            {drawn}
        </svg>
    }
    .into_any()
}

/// Says what belongs here and offers `actions`.
pub fn empty(
    picture: Illustration,
    title: impl Into<String>,
    text: impl Into<String>,
    actions: impl IntoAny,
) -> AnyView {
    let (title, text, actions) = (title.into(), text.into(), actions.into_any());
    view! {
        <div class="empty">
            {illustration(picture)}
            <h2>{title}</h2>
            <p>{text}</p>
            <div class="cluster">{actions}</div>
        </div>
    }
    .into_any()
}
