//! A view of any kind as one type: drawn on the server, taken over, built and changed in the browser.

use std::{cell::RefCell, future::Future, pin::Pin, rc::Rc};

use futures_util::future::join_all;
use leptos::{
    oco::Oco,
    prelude::{AnyView as Foreign, Mountable, Render, RenderEffect, RenderHtml},
    tachys::{
        html::attribute::any_attribute::AnyAttribute,
        hydration::Cursor,
        no_attrs,
        renderer::types::{Element as Parent, Node as Marker},
        ssr::StreamBuilder,
        view::{Position, PositionState},
    },
};

use crate::element::{ElementState, Parts};

type Text = Oco<'static, str>;
type Draw = Box<dyn FnMut() -> AnyView + Send>;

/// A piece of a page. It is a pointer, so that the many lines that build one stay short.
pub struct AnyView(pub(crate) Box<Kind>);

pub(crate) enum Kind {
    Nothing,
    Text(Text),
    Element(Parts),
    /// What stands side by side in a view, always as many. Nothing in the document tells that they belong together: inside an
    /// element they are its children.
    Fragment(Vec<AnyView>),
    /// What may be more or fewer the next time.
    List(Vec<AnyView>),
    /// Follows signals.
    Live(Draw),
    /// A view of leptos' own making: a suspense, an outlet. It is three times the size of all others.
    Foreign(Box<Foreign>),
}

/// What the page keeps of a view.
pub struct AnyViewState(State);

enum State {
    Nothing(<() as Render>::State),
    Text(<Text as Render>::State),
    Element(ElementState),
    Fragment(FragmentState),
    List(<Vec<AnyView> as Render>::State),
    Live(RenderEffect<AnyViewState>),
    Foreign(<Foreign as Render>::State),
}

impl AnyView {
    #[inline(never)]
    pub(crate) fn new(kind: Kind) -> Self {
        Self(Box::new(kind))
    }

    #[inline(never)]
    pub(crate) fn nothing() -> Self {
        Self::new(Kind::Nothing)
    }

    #[inline(never)]
    pub(crate) fn text(text: Text) -> Self {
        Self::new(Kind::Text(text))
    }

    #[inline(never)]
    pub(crate) fn fragment(views: Vec<Self>) -> Self {
        Self::new(Kind::Fragment(views))
    }

    #[inline(never)]
    pub(crate) fn list(views: Vec<Self>) -> Self {
        Self::new(Kind::List(views))
    }

    #[inline(never)]
    pub(crate) fn live(draw: Draw) -> Self {
        Self::new(Kind::Live(draw))
    }

    #[inline(never)]
    pub(crate) fn foreign(view: Foreign) -> Self {
        Self::new(Kind::Foreign(Box::new(view)))
    }

    /// Becomes a child, or several.
    pub(crate) fn join(mut self, children: &mut Vec<Self>) {
        match &mut *self.0 {
            Kind::Fragment(views) => children.append(views),
            _ => children.push(self),
        }
    }

    /// Whether nothing in it has to be waited for.
    pub(crate) fn is_settled(&self) -> bool {
        match &*self.0 {
            Kind::Nothing | Kind::Text(_) => true,
            Kind::Element(element) => element.is_settled(),
            Kind::Fragment(views) | Kind::List(views) => views.iter().all(Self::is_settled),
            Kind::Live(_) | Kind::Foreign(_) => false,
        }
    }

    /// A view holds views: what waits for them has to stand on the heap.
    pub(crate) fn settled(self) -> Pin<Box<dyn Future<Output = Self> + Send>> {
        Box::pin(async move {
            if self.is_settled() {
                return self;
            }
            Self::new(match *self.0 {
                Kind::Element(element) => Kind::Element(element.settled().await),
                Kind::Fragment(views) => Kind::Fragment(all_settled(views).await),
                Kind::List(views) => Kind::List(all_settled(views).await),
                Kind::Live(mut draw) => return draw().settled().await,
                Kind::Foreign(view) => Kind::Foreign(Box::new(view.resolve().await)),
                kind @ (Kind::Nothing | Kind::Text(_)) => kind,
            })
        })
    }

    pub(crate) fn hydrated<'a>(
        self,
        cursor: &'a Cursor,
        position: &'a PositionState,
    ) -> Pin<Box<dyn Future<Output = AnyViewState> + 'a>> {
        Box::pin(async move {
            AnyViewState(match *self.0 {
                Kind::Element(element) => State::Element(element.hydrated(cursor, position).await),
                Kind::Fragment(views) => State::Fragment(FragmentState(all_hydrated(views, cursor, position).await)),
                Kind::List(views) => State::List(views.hydrate_async(cursor, position).await),
                Kind::Live(draw) => State::Live(hydrate_live(draw, cursor.clone(), position.clone()).await),
                Kind::Foreign(view) => State::Foreign(view.hydrate_async(cursor, position).await),
                kind @ (Kind::Nothing | Kind::Text(_)) => return Self::new(kind).hydrate::<true>(cursor, position),
            })
        })
    }
}

pub(crate) async fn all_settled(views: Vec<AnyView>) -> Vec<AnyView> {
    join_all(views.into_iter().map(AnyView::settled)).await
}

pub(crate) async fn all_hydrated(views: Vec<AnyView>, cursor: &Cursor, position: &PositionState) -> Vec<AnyViewState> {
    let mut states = Vec::with_capacity(views.len());
    for view in views {
        states.push(view.hydrated(cursor, position).await);
    }
    states
}

/// Draws the first time by `first`, and what is there again afterwards.
fn follow(mut draw: Draw, first: impl Fn(AnyView) -> AnyViewState + 'static) -> RenderEffect<AnyViewState> {
    RenderEffect::new(move |state: Option<AnyViewState>| {
        let view = draw();
        match state {
            Some(mut state) => {
                view.rebuild(&mut state);
                state
            }
            None => first(view),
        }
    })
}

async fn hydrate_live(draw: Draw, cursor: Cursor, position: PositionState) -> RenderEffect<AnyViewState> {
    let draw = Rc::new(RefCell::new(draw));
    let again = draw.clone();
    let redraw = move |state: Option<AnyViewState>| {
        let mut state = state.expect("the first value is given");
        let view = (*again.borrow_mut())();
        view.rebuild(&mut state);
        state
    };
    let first = async move {
        let view = (*draw.borrow_mut())();
        view.hydrated(&cursor, &position).await
    };
    RenderEffect::new_with_async_value(redraw, first).await
}

impl Render for AnyView {
    type State = AnyViewState;

    fn build(self) -> AnyViewState {
        AnyViewState(match *self.0 {
            Kind::Nothing => State::Nothing(().build()),
            Kind::Text(text) => State::Text(text.build()),
            Kind::Element(element) => State::Element(element.built()),
            Kind::Fragment(views) => State::Fragment(FragmentState(views.into_iter().map(Self::build).collect())),
            Kind::List(views) => State::List(views.build()),
            Kind::Live(draw) => State::Live(follow(draw, Self::build)),
            Kind::Foreign(view) => State::Foreign(view.build()),
        })
    }

    fn rebuild(self, state: &mut AnyViewState) {
        match (*self.0, &mut state.0) {
            (Kind::Nothing, State::Nothing(_)) => {}
            (Kind::Text(text), State::Text(state)) => text.rebuild(state),
            (Kind::Element(element), State::Element(state)) if element.fits(state) => element.replace(state),
            (Kind::Fragment(views), State::Fragment(states)) if views.len() == states.0.len() => {
                for (view, state) in views.into_iter().zip(&mut states.0) {
                    view.rebuild(state);
                }
            }
            (Kind::List(views), State::List(state)) => views.rebuild(state),
            (Kind::Foreign(view), State::Foreign(state)) => view.rebuild(state),
            (kind, _) => {
                let mut new = Self::new(kind).build();
                state.insert_before_this(&mut new);
                state.unmount();
                *state = new;
            }
        }
    }
}

impl RenderHtml for AnyView {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {
        match &mut *self.0 {
            Kind::Nothing | Kind::Text(_) => {}
            Kind::Element(element) => element.children.iter_mut().for_each(Self::dry_resolve),
            Kind::Fragment(views) | Kind::List(views) => views.iter_mut().for_each(Self::dry_resolve),
            Kind::Live(draw) => draw().dry_resolve(),
            Kind::Foreign(view) => view.dry_resolve(),
        }
    }

    async fn resolve(self) -> Self {
        self.settled().await
    }

    fn html_len(&self) -> usize {
        match &*self.0 {
            Kind::Nothing => 3,
            Kind::Text(text) => text.len(),
            Kind::Element(element) => element.html_len(),
            Kind::Fragment(views) | Kind::List(views) => 3 + views.iter().map(Self::html_len).sum::<usize>(),
            Kind::Live(_) => 0,
            Kind::Foreign(view) => view.html_len(),
        }
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra: Vec<AnyAttribute>,
    ) {
        match *self.0 {
            Kind::Nothing => ().to_html_with_buf(buf, position, escape, mark_branches, extra),
            Kind::Text(text) => text.to_html_with_buf(buf, position, escape, mark_branches, extra),
            Kind::Element(element) => element.write(buf, position, mark_branches),
            Kind::Fragment(views) => {
                for view in views {
                    view.to_html_with_buf(buf, position, escape, mark_branches, Vec::new());
                }
            }
            Kind::List(views) => views.to_html_with_buf(buf, position, escape, mark_branches, extra),
            Kind::Live(mut draw) => draw().to_html_with_buf(buf, position, escape, mark_branches, extra),
            Kind::Foreign(view) => view.to_html_with_buf(buf, position, escape, mark_branches, extra),
        }
    }

    fn to_html_async_with_buf<const OUT_OF_ORDER: bool>(
        self,
        buf: &mut StreamBuilder,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra: Vec<AnyAttribute>,
    ) {
        if self.is_settled() {
            buf.with_buf(|buf| self.to_html_with_buf(buf, position, escape, mark_branches, extra));
            return;
        }
        match *self.0 {
            Kind::Nothing | Kind::Text(_) => unreachable!("they are settled"),
            Kind::Element(element) => element.write_async::<OUT_OF_ORDER>(buf, position, mark_branches),
            Kind::Fragment(views) => {
                for view in views {
                    view.to_html_async_with_buf::<OUT_OF_ORDER>(buf, position, escape, mark_branches, Vec::new());
                }
            }
            Kind::List(views) => {
                views.to_html_async_with_buf::<OUT_OF_ORDER>(buf, position, escape, mark_branches, extra);
            }
            Kind::Live(mut draw) => {
                draw().to_html_async_with_buf::<OUT_OF_ORDER>(buf, position, escape, mark_branches, extra);
            }
            Kind::Foreign(view) => {
                view.to_html_async_with_buf::<OUT_OF_ORDER>(buf, position, escape, mark_branches, extra);
            }
        }
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> AnyViewState {
        AnyViewState(match *self.0 {
            Kind::Nothing => State::Nothing(().hydrate::<true>(cursor, position)),
            Kind::Text(text) => State::Text(text.hydrate::<true>(cursor, position)),
            Kind::Element(element) => State::Element(element.hydrate(cursor, position)),
            Kind::Fragment(views) => {
                let views = views.into_iter();
                State::Fragment(FragmentState(
                    views.map(|view| view.hydrate::<true>(cursor, position)).collect(),
                ))
            }
            Kind::List(views) => State::List(views.hydrate::<true>(cursor, position)),
            Kind::Live(draw) => {
                let (cursor, position) = (cursor.clone(), position.clone());
                State::Live(follow(draw, move |view| view.hydrate::<true>(&cursor, &position)))
            }
            Kind::Foreign(view) => State::Foreign(view.hydrate::<true>(cursor, position)),
        })
    }

    async fn hydrate_async(self, cursor: &Cursor, position: &PositionState) -> AnyViewState {
        self.hydrated(cursor, position).await
    }

    fn into_owned(self) -> Self {
        self
    }
}

// What is spread over a component would have to be kept for its elements; no page does it.
no_attrs!(AnyView);

impl AnyViewState {
    fn mountable(&mut self) -> &mut dyn Mountable {
        match &mut self.0 {
            State::Nothing(state) => state,
            State::Text(state) => state,
            State::Element(state) => state,
            State::Fragment(states) => states,
            State::List(state) => state,
            State::Live(state) => state,
            State::Foreign(state) => state,
        }
    }

    fn mounted(&self) -> &dyn Mountable {
        match &self.0 {
            State::Nothing(state) => state,
            State::Text(state) => state,
            State::Element(state) => state,
            State::Fragment(states) => states,
            State::List(state) => state,
            State::Live(state) => state,
            State::Foreign(state) => state,
        }
    }
}

impl Mountable for AnyViewState {
    fn unmount(&mut self) {
        self.mountable().unmount();
    }

    fn mount(&mut self, parent: &Parent, marker: Option<&Marker>) {
        self.mountable().mount(parent, marker);
    }

    fn try_mount(&mut self, parent: &Parent, marker: Option<&Marker>) -> bool {
        self.mountable().try_mount(parent, marker)
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.mounted().insert_before_this(child)
    }

    fn elements(&self) -> Vec<Parent> {
        self.mounted().elements()
    }
}

/// The states of a fragment, which is at least one view.
struct FragmentState(Vec<AnyViewState>);

impl Mountable for FragmentState {
    fn unmount(&mut self) {
        self.0.iter_mut().for_each(AnyViewState::unmount);
    }

    fn mount(&mut self, parent: &Parent, marker: Option<&Marker>) {
        for state in &mut self.0 {
            state.mount(parent, marker);
        }
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.0.first().is_some_and(|first| first.insert_before_this(child))
    }

    fn elements(&self) -> Vec<Parent> {
        self.0.iter().flat_map(AnyViewState::elements).collect()
    }
}
