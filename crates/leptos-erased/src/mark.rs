//! Marks around every view of a page, by which `cargo leptos watch --hot-reload` finds what was edited and changes it in the
//! browser before anything is compiled. Only the server writes them. Hydration goes node by node and knows none of them, so they are
//! out of the page while it lasts.

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
    const EXISTS: bool = false;

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

/// The marks of a page, taken out of it.
pub struct Marks(Vec<Place>);

struct Place {
    mark: web_sys::Node,
    parent: web_sys::Node,
    before: Option<web_sys::Node>,
}

impl Marks {
    pub fn take_out(root: &web_sys::Node) -> Self {
        let mut marks = Vec::new();
        collect(root, &mut marks);
        // From the end, so that each knows the neighbour that it will be put back before.
        let places = marks.into_iter().rev().filter_map(|mark| {
            let (parent, before) = (mark.parent_node()?, mark.next_sibling());
            parent.remove_child(&mark).ok()?;
            Some(Place { mark, parent, before })
        });
        Self(places.collect())
    }

    /// Where the page has changed in the meantime, a mark ends up last among its neighbours.
    pub fn put_back(self) {
        for Place { mark, parent, before } in self.0.into_iter().rev() {
            let before = before.filter(|before| before.parent_node().as_ref() == Some(&parent));
            let _ = parent.insert_before(&mark, before.as_ref());
        }
    }
}

fn collect(node: &web_sys::Node, marks: &mut Vec<web_sys::Node>) {
    let mut child = node.first_child();
    while let Some(node) = child {
        if node.node_type() == web_sys::Node::COMMENT_NODE
            && node.node_value().is_some_and(|text| text.starts_with("hot-reload|"))
        {
            marks.push(node.clone());
        }
        collect(&node, marks);
        child = node.next_sibling();
    }
}
