//! An element: a tag with attributes and children, drawn on the server, taken over or built in the browser.

use futures_util::future::join_all;
use leptos::{
    oco::Oco,
    prelude::{AddAnyAttr, AnyView, Mountable, NodeRef, Owner, Render, RenderHtml},
    tachys::{
        html::{
            attribute::any_attribute::{AnyAttribute, IntoAnyAttribute},
            element::{ElementType, attributes_to_html},
            event::EventDescriptor,
            node_ref::NodeRefContainer,
        },
        hydration::Cursor,
        renderer::{CastFrom, Rndr, types::Event},
        ssr::StreamBuilder,
        view::{Position, PositionState, any_view::AnyViewState},
    },
};
use wasm_bindgen::JsCast;

use crate::{
    attribute::{Attribute, Found, IntoAttributeValue, IntoProperty, State},
    child,
};

const SVG: &str = "http://www.w3.org/2000/svg";

/// An element of HTML or SVG, whichever it is.
pub struct Element {
    tag: &'static str,
    namespace: Option<&'static str>,
    attributes: Vec<Attribute>,
    children: Vec<AnyView>,
}

/// What the page keeps of an element.
pub struct ElementState {
    tag: &'static str,
    el: web_sys::Element,
    attributes: Vec<State>,
    children: Vec<AnyViewState>,
}

/// How `view!` makes one.
impl Element {
    pub(crate) fn html(tag: &'static str) -> Self {
        Self {
            tag,
            namespace: None,
            attributes: Vec::new(),
            children: Vec::new(),
        }
    }

    pub(crate) fn svg(tag: &'static str) -> Self {
        Self {
            namespace: Some(SVG),
            ..Self::html(tag)
        }
    }

    pub(crate) fn with(mut self, attribute: Attribute) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// One child, or several of a fragment.
    #[must_use]
    pub fn child(mut self, view: impl RenderHtml) -> Self {
        child::push(view, &mut self.children);
        self
    }

    /// An attribute that has no method of its own, such as `data-…`.
    #[must_use]
    pub fn attr(self, name: &'static str, value: impl IntoAttributeValue) -> Self {
        self.with(Attribute::Named(name, value.into_attribute_value()))
    }

    #[must_use]
    pub fn prop(self, name: &'static str, value: impl IntoProperty) -> Self {
        self.with(Attribute::Property(name, value.into_property()))
    }

    #[must_use]
    pub fn inner_html(self, html: impl Into<Oco<'static, str>>) -> Self {
        self.with(Attribute::InnerHtml(html.into()))
    }

    #[must_use]
    pub fn node_ref<E>(self, node: NodeRef<E>) -> Self
    where
        E: ElementType,
        E::Output: JsCast + 'static,
    {
        self.with(Attribute::Ref(Box::new(move |el| node.load(el))))
    }

    /// Runs `listen` in the owner it was written in, as all code of a page does.
    #[must_use]
    pub fn on<E>(self, event: E, mut listen: impl FnMut(E::EventType) + 'static) -> Self
    where
        E: EventDescriptor,
        E::EventType: From<Event> + 'static,
    {
        let listener = cfg!(feature = "hydrate").then(|| {
            let owner = Owner::current().unwrap_or_default();
            let listener: Box<dyn FnMut(Event)> =
                Box::new(move |event| owner.with(|| listen(E::EventType::from(event))));
            send_wrapper::SendWrapper::new(listener)
        });
        self.with(Attribute::On(event.name(), listener))
    }

    /// Elements that have no end tag (HTML, section 13.1.2).
    fn is_void(&self) -> bool {
        matches!(
            self.tag,
            "br" | "col" | "hr" | "img" | "input" | "link" | "meta" | "source"
        )
    }

    /// Whose text is no text for a reader, and is not escaped.
    fn is_raw(&self) -> bool {
        matches!(self.tag, "script" | "style")
    }

    /// Writes the tag; answers what stands for the children, if anything does.
    fn begin(&mut self, html: &mut String, extra: Vec<AnyAttribute>) -> String {
        let mut inner = String::new();
        html.push('<');
        html.push_str(self.tag);
        for attribute in self.attributes.drain(..) {
            attribute.write(html, &mut inner);
        }
        if !extra.is_empty() {
            inner.push_str(&attributes_to_html(extra, html));
        }
        html.push('>');
        inner
    }

    /// Finds the element that the server has drawn, and takes it over but for its children.
    fn take_over(&mut self, cursor: &Cursor, position: &PositionState) -> (web_sys::Element, Vec<State>) {
        match position.get() {
            Position::FirstChild => cursor.child(),
            Position::Current => {}
            _ => cursor.sibling(),
        }
        let node = cursor.current();
        let el = web_sys::Element::cast_from(node.clone()).unwrap_or_else(|| {
            panic!("hydration: the page has {} where the view has <{}>", node.node_name(), self.tag)
        });
        let attributes = self.attributes.drain(..).map(|attribute| attribute.attach(&el, Found::Written)).collect();
        position.set(Position::FirstChild);
        (el, attributes)
    }

    fn taken_over(
        &self,
        el: web_sys::Element,
        attributes: Vec<State>,
        children: Vec<AnyViewState>,
        cursor: &Cursor,
        position: &PositionState,
    ) -> ElementState {
        let node: &web_sys::Node = el.as_ref();
        cursor.set(node.clone());
        position.set(Position::NextChild);
        ElementState {
            tag: self.tag,
            el,
            attributes,
            children,
        }
    }
}

impl Render for Element {
    type State = ElementState;

    fn build(self) -> ElementState {
        let el = Rndr::create_element(self.tag, self.namespace);
        let attributes = self.attributes.into_iter().map(|attribute| attribute.attach(&el, Found::Fresh)).collect();
        let children = self
            .children
            .into_iter()
            .map(|child| {
                let mut child = child.build();
                child.mount(&el, None);
                child
            })
            .collect();
        ElementState {
            tag: self.tag,
            el,
            attributes,
            children,
        }
    }

    /// In place where it is the same element with the same kinds of attributes and as many children, which it is when the
    /// same line of a page draws it again.
    fn rebuild(self, state: &mut ElementState) {
        let fits = self.tag == state.tag
            && self.children.len() == state.children.len()
            && self.attributes.len() == state.attributes.len()
            && self.attributes.iter().zip(&state.attributes).all(|(new, old)| new.fits(old));
        if fits {
            for (attribute, old) in self.attributes.into_iter().zip(&mut state.attributes) {
                attribute.replace(&state.el, old);
            }
            for (child, old) in self.children.into_iter().zip(&mut state.children) {
                child.rebuild(old);
            }
        } else {
            let mut new = self.build();
            state.insert_before_this(&mut new);
            state.unmount();
            *state = new;
        }
    }
}

impl RenderHtml for Element {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {
        for child in &mut self.children {
            child.dry_resolve();
        }
    }

    async fn resolve(self) -> Self {
        let children = join_all(self.children.into_iter().map(AnyView::resolve)).await;
        Self { children, ..self }
    }

    fn html_len(&self) -> usize {
        // A tag with its end and a class or two; only the capacity of a buffer hangs on it.
        self.tag.len() * 2 + self.attributes.len() * 24 + 5 + self.children.iter().map(AnyView::html_len).sum::<usize>()
    }

    fn to_html_with_buf(
        mut self,
        buf: &mut String,
        position: &mut Position,
        _escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        let inner = self.begin(buf, extra_attrs);
        if !self.is_void() {
            let escape = !self.is_raw();
            *position = Position::FirstChild;
            if inner.is_empty() {
                for child in self.children {
                    child.to_html_with_buf(buf, position, escape, mark_branches, Vec::new());
                }
            } else {
                buf.push_str(&inner);
            }
            close(self.tag, buf);
        }
        *position = Position::NextChild;
    }

    fn to_html_async_with_buf<const OUT_OF_ORDER: bool>(
        mut self,
        buf: &mut StreamBuilder,
        position: &mut Position,
        _escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        let mut tag = String::new();
        let inner = self.begin(&mut tag, extra_attrs);
        buf.push_sync(&tag);
        if !self.is_void() {
            let escape = !self.is_raw();
            *position = Position::FirstChild;
            if inner.is_empty() {
                for child in self.children {
                    child.to_html_async_with_buf::<OUT_OF_ORDER>(buf, position, escape, mark_branches, Vec::new());
                }
            } else {
                buf.push_sync(&inner);
            }
            let mut end = String::new();
            close(self.tag, &mut end);
            buf.push_sync(&end);
        }
        *position = Position::NextChild;
    }

    fn hydrate<const FROM_SERVER: bool>(mut self, cursor: &Cursor, position: &PositionState) -> ElementState {
        let (el, attributes) = self.take_over(cursor, position);
        let children = std::mem::take(&mut self.children);
        let children = children.into_iter().map(|child| child.hydrate::<FROM_SERVER>(cursor, position)).collect();
        self.taken_over(el, attributes, children, cursor, position)
    }

    async fn hydrate_async(mut self, cursor: &Cursor, position: &PositionState) -> ElementState {
        let (el, attributes) = self.take_over(cursor, position);
        let mut children = Vec::with_capacity(self.children.len());
        for child in std::mem::take(&mut self.children) {
            children.push(child.hydrate_async(cursor, position).await);
        }
        self.taken_over(el, attributes, children, cursor, position)
    }

    fn into_owned(self) -> Self {
        self
    }
}

fn close(tag: &str, html: &mut String) {
    html.push_str("</");
    html.push_str(tag);
    html.push('>');
}

impl AddAnyAttr for Element {
    type Output<A: leptos::tachys::html::attribute::Attribute> = Self;

    fn add_any_attr<A: leptos::tachys::html::attribute::Attribute>(self, attribute: A) -> Self {
        self.with(Attribute::Spread(attribute.into_cloneable_owned().into_any_attr()))
    }
}

impl Mountable for ElementState {
    fn unmount(&mut self) {
        Rndr::remove(&self.el);
    }

    fn mount(&mut self, parent: &web_sys::Element, marker: Option<&web_sys::Node>) {
        Rndr::insert_node(parent, &self.el, marker);
    }

    fn try_mount(&mut self, parent: &web_sys::Element, marker: Option<&web_sys::Node>) -> bool {
        Rndr::try_insert_node(parent, &self.el, marker)
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        let parent = Rndr::get_parent(&self.el).and_then(web_sys::Element::cast_from);
        parent.is_some_and(|parent| {
            child.mount(&parent, Some(&self.el));
            true
        })
    }

    fn elements(&self) -> Vec<web_sys::Element> {
        vec![self.el.clone()]
    }
}
