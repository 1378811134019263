//! Marks around every view of a page, by which `cargo leptos watch --hot-reload` finds what was edited and changes it in the
//! browser before anything is compiled. Only the server writes them.

use std::sync::LazyLock;

use leptos::{
    prelude::{Render, RenderHtml},
    tachys::{
        html::attribute::any_attribute::AnyAttribute,
        hydration::Cursor,
        no_attrs,
        view::{Position, PositionState},
    },
};

use crate::{AnyView, into};

/// Asked at run time: a variable that is read while compiling would have everything compiled again for each watch.
static WANTED: LazyLock<bool> = LazyLock::new(|| std::env::var_os("LEPTOS_WATCH").is_some());

pub(crate) fn around(view: AnyView, name: &str) -> AnyView {
    if !*WANTED {
        return view;
    }
    let mark = |end| into::erase(Mark(format!("<!--hot-reload|{name}|{end}-->")));
    AnyView::fragment(vec![mark("open"), view, mark("close")])
}

struct Mark(String);

impl Render for Mark {
    type State = <() as Render>::State;

    fn build(self) -> Self::State {
        ().build()
    }

    fn rebuild(self, _: &mut Self::State) {}
}

impl RenderHtml for Mark {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;
    // Otherwise leptos leaves a comment of its own in its place, for the browser to find.
    const EXISTS: bool = true;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }

    fn to_html_with_buf(self, buf: &mut String, _: &mut Position, _: bool, _: bool, _: Vec<AnyAttribute>) {
        buf.push_str(&self.0);
    }

    fn hydrate<const FROM_SERVER: bool>(self, _: &Cursor, _: &PositionState) -> Self::State {
        unreachable!("the browser makes none")
    }

    fn into_owned(self) -> Self {
        self
    }
}

no_attrs!(Mark);
