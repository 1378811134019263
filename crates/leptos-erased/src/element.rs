//! An element: a tag with attributes and children, whichever they are.

use leptos::{
    oco::Oco,
    prelude::{Mountable, NodeRef, Owner, Render, RenderHtml},
    tachys::{
        html::{
            attribute::any_attribute::AnyAttribute, element::ElementType, event::EventDescriptor,
            node_ref::NodeRefContainer,
        },
        hydration::Cursor,
        no_attrs,
        renderer::{CastFrom, Rndr, types::Event},
        ssr::StreamBuilder,
        view::{Position, PositionState},
    },
};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;

use crate::{
    AnyView,
    attribute::{Attribute, IntoAttributeValue, IntoProperty, NodeOrigin, State},
    into,
    view::{AnyViewState, Kind, all_hydrated, all_settled},
};

const SVG: &str = "http://www.w3.org/2000/svg";

/// Whether anything happens to an element but being written. On the server nobody clicks, types or looks it up.
const ALIVE: bool = cfg!(feature = "hydrate");

/// An element of HTML or SVG as `view!` makes it: a view of which it is known that it is one.
pub struct Element(AnyView);

pub(crate) struct Parts {
    tag: &'static str,
    namespace: Option<&'static str>,
    attributes: Vec<Attribute>,
    pub(crate) children: Vec<AnyView>,
    /// Whether a child has to be waited for, at any depth. Noted when it joins, because it is asked at every depth.
    waits: bool,
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
    #[inline(never)]
    fn new(tag: &'static str, namespace: Option<&'static str>) -> Self {
        Self(AnyView::new(Kind::Element(Parts {
            tag,
            namespace,
            attributes: Vec::new(),
            children: Vec::new(),
            waits: false,
        })))
    }

    fn parts(&mut self) -> &mut Parts {
        match &mut *self.0.0 {
            Kind::Element(parts) => parts,
            _ => unreachable!("made by new"),
        }
    }

    pub(crate) fn html(tag: &'static str) -> Self {
        Self::new(tag, None)
    }

    pub(crate) fn svg(tag: &'static str) -> Self {
        Self::new(tag, Some(SVG))
    }

    #[inline(never)]
    fn with(mut self, attribute: Attribute) -> Self {
        self.parts().attributes.push(attribute);
        self
    }

    #[inline(never)]
    pub(crate) fn named<T: IntoAttributeValue>(self, name: &'static str, value: T) -> Self {
        self.with(Attribute::Named(name, value.into_attribute_value()))
    }

    /// One child, or several of a fragment.
    #[must_use]
    pub fn child<T: RenderHtml>(self, view: T) -> Self {
        self.with_child(into::erase(view))
    }

    #[inline(never)]
    fn with_child(mut self, view: AnyView) -> Self {
        let parts = self.parts();
        parts.waits |= !view.is_settled();
        view.join(&mut parts.children);
        self
    }

    /// An attribute that has no method of its own, such as `data-…`.
    #[must_use]
    pub fn attr(self, name: &'static str, value: impl IntoAttributeValue) -> Self {
        self.named(name, value)
    }

    #[must_use]
    pub fn prop(self, name: &'static str, value: impl IntoProperty) -> Self {
        if ALIVE {
            self.with(Attribute::Property(name, value.into_property()))
        } else {
            self
        }
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
        if ALIVE {
            self.with(Attribute::Ref(Box::new(move |el| node.load(el))))
        } else {
            self
        }
    }

    /// Runs `listen` in the owner it was written in, as all code of a page does.
    #[must_use]
    pub fn on<E>(self, event: E, mut listen: impl FnMut(E::EventType) + 'static) -> Self
    where
        E: EventDescriptor,
        E::EventType: From<Event> + 'static,
    {
        if !ALIVE {
            return self;
        }
        let owner = Owner::current().unwrap_or_default();
        let listener: Box<dyn FnMut(Event)> = Box::new(move |event| owner.with(|| listen(E::EventType::from(event))));
        self.with(Attribute::On(event.name(), SendWrapper::new(listener)))
    }
}

/// How [`AnyView`] draws one.
impl Parts {
    pub(crate) fn is_settled(&self) -> bool {
        !self.waits
    }

    pub(crate) async fn settled(mut self) -> Self {
        self.children = all_settled(std::mem::take(&mut self.children)).await;
        self.waits = false;
        self
    }

    pub(crate) fn built(self) -> ElementState {
        let Parts {
            tag,
            namespace,
            attributes,
            children,
            ..
        } = self;
        let el = Rndr::create_element(tag, namespace);
        let attributes = attributes
            .into_iter()
            .map(|attribute| attribute.attach(&el, NodeOrigin::Fresh))
            .collect();
        let mut children: Vec<_> = children.into_iter().map(AnyView::build).collect();
        for child in &mut children {
            child.mount(&el, None);
        }
        ElementState {
            tag,
            el,
            attributes,
            children,
        }
    }

    /// Whether it can be drawn in place: the same element with the same kinds of attributes and as many children, which it is
    /// when the same line of a page draws it again.
    pub(crate) fn fits(&self, state: &ElementState) -> bool {
        let Parts {
            tag,
            attributes,
            children,
            ..
        } = self;
        *tag == state.tag
            && children.len() == state.children.len()
            && attributes.len() == state.attributes.len()
            && attributes.iter().zip(&state.attributes).all(|(new, old)| new.fits(old))
    }

    pub(crate) fn replace(self, state: &mut ElementState) {
        for (attribute, old) in self.attributes.into_iter().zip(&mut state.attributes) {
            attribute.replace(&state.el, old);
        }
        for (child, old) in self.children.into_iter().zip(&mut state.children) {
            child.rebuild(old);
        }
    }

    pub(crate) fn hydrate(mut self, cursor: &Cursor, position: &PositionState) -> ElementState {
        let (el, attributes) = self.take_over(cursor, position);
        let children = self.children.drain(..);
        let children = children.map(|child| child.hydrate::<true>(cursor, position)).collect();
        taken_over(self.tag, el, attributes, children, cursor, position)
    }

    pub(crate) async fn hydrated(mut self, cursor: &Cursor, position: &PositionState) -> ElementState {
        let (el, attributes) = self.take_over(cursor, position);
        let children = all_hydrated(std::mem::take(&mut self.children), cursor, position).await;
        taken_over(self.tag, el, attributes, children, cursor, position)
    }

    pub(crate) fn html_len(&self) -> usize {
        let Parts {
            tag,
            attributes,
            children,
            ..
        } = self;
        // Tags and a class or two; only the capacity of a buffer hangs on it.
        tag.len() * 2 + attributes.len() * 24 + 5 + children.iter().map(AnyView::html_len).sum::<usize>()
    }

    pub(crate) fn write(mut self, buf: &mut String, position: &mut Position, mark_branches: bool) {
        let inner = self.begin(buf);
        if !self.is_void() {
            let escape = !self.is_raw();
            *position = Position::FirstChild;
            buf.push_str(&inner);
            for child in self.children {
                child.to_html_with_buf(buf, position, escape, mark_branches, Vec::new());
            }
            close(self.tag, buf);
        }
        *position = Position::NextChild;
    }

    pub(crate) fn write_async<const OUT_OF_ORDER: bool>(
        mut self,
        buf: &mut StreamBuilder,
        position: &mut Position,
        mark_branches: bool,
    ) {
        let mut tag = String::new();
        let inner = self.begin(&mut tag);
        buf.push_sync(&tag);
        if !self.is_void() {
            let escape = !self.is_raw();
            *position = Position::FirstChild;
            buf.push_sync(&inner);
            for child in self.children {
                child.to_html_async_with_buf::<OUT_OF_ORDER>(buf, position, escape, mark_branches, Vec::new());
            }
            buf.with_buf(|buf| close(self.tag, buf));
        }
        *position = Position::NextChild;
    }
}

impl Parts {
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
    fn begin(&mut self, html: &mut String) -> String {
        let mut inner = String::new();
        html.push('<');
        html.push_str(self.tag);
        for attribute in self.attributes.drain(..) {
            attribute.write(html, &mut inner);
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
        let el = web_sys::Element::cast_from(node.clone()).filter(|el| el.local_name() == self.tag);
        let el = el.unwrap_or_else(|| {
            panic!(
                "hydration: the page has {} where the view has <{}>",
                node.node_name(),
                self.tag
            )
        });
        let attributes = self.attributes.drain(..);
        let attributes = attributes
            .map(|attribute| attribute.attach(&el, NodeOrigin::Written))
            .collect();
        position.set(Position::FirstChild);
        (el, attributes)
    }
}

fn taken_over(
    tag: &'static str,
    el: web_sys::Element,
    attributes: Vec<State>,
    children: Vec<AnyViewState>,
    cursor: &Cursor,
    position: &PositionState,
) -> ElementState {
    let node: &web_sys::Node = el.as_ref();
    let more = match position.get() {
        Position::FirstChild => node.first_child(),
        _ => cursor.current().next_sibling(),
    };
    // What others have put between the children would have taken the place of some of them without a word.
    if let Some(more) = more
        && !attributes.iter().any(|attribute| matches!(attribute, State::InnerHtml))
    {
        panic!("hydration: <{tag}> has {} more than the view", more.node_name());
    }
    cursor.set(node.clone());
    position.set(Position::NextChild);
    ElementState {
        tag,
        el,
        attributes,
        children,
    }
}

fn close(tag: &str, html: &mut String) {
    html.push_str("</");
    html.push_str(tag);
    html.push('>');
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

impl From<Element> for AnyView {
    fn from(element: Element) -> Self {
        element.0
    }
}

/// The macros hand a lone element to components as it is; there it becomes a view like all others.
impl Render for Element {
    type State = AnyViewState;

    fn build(self) -> AnyViewState {
        AnyView::from(self).build()
    }

    fn rebuild(self, state: &mut AnyViewState) {
        AnyView::from(self).rebuild(state);
    }
}

impl RenderHtml for Element {
    type AsyncOutput = AnyView;
    type Owned = AnyView;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {
        self.0.dry_resolve();
    }

    async fn resolve(self) -> AnyView {
        AnyView::from(self).settled().await
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra: Vec<AnyAttribute>,
    ) {
        self.0.to_html_with_buf(buf, position, escape, mark_branches, extra);
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> AnyViewState {
        AnyView::from(self).hydrate::<true>(cursor, position)
    }

    fn into_owned(self) -> AnyView {
        self.into()
    }
}

no_attrs!(Element);
