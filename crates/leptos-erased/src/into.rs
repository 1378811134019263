//! From what stands in `view!` to a view: text, elements, closures, signals, lists, and what leptos' own components answer.

use std::{any::TypeId, borrow::Cow, sync::Arc};

use leptos::{
    oco::Oco,
    prelude::{AnyView as Foreign, Get, Memo, ReadSignal, RenderHtml, RwSignal, Signal, Suspend},
    tachys::{html::InertElement, view::iterators::StaticVec},
};
use leptos_router::any_nested_route::AnyNestedRoute;

use crate::{AnyView, Element};

/// What may stand in braces between tags.
pub trait IntoRender {
    fn into_render(self) -> AnyView;
}

/// The same, as a method that reads well at the end of `view! { … }`.
pub trait IntoAny {
    fn into_any(self) -> AnyView;
}

impl<T: IntoRender> IntoAny for T {
    fn into_any(self) -> AnyView {
        self.into_render()
    }
}

/// What `view!` ends with.
pub struct View;

impl View {
    #[expect(clippy::new_ret_no_self, reason = "the macro calls it by this name")]
    pub fn new<T: RenderHtml>(view: T) -> AnyView {
        erase(view)
    }
}

impl AnyView {
    #[doc(hidden)]
    #[must_use]
    pub fn with_view_marker(self, name: &str) -> Self {
        #[cfg(all(debug_assertions, feature = "ssr"))]
        return crate::mark::around(self, name);
        #[cfg(not(all(debug_assertions, feature = "ssr")))]
        {
            let _ = name;
            self
        }
    }
}

/// A piece of a page, what a component answers, or a route: whatever leptos erases.
pub trait IntoMaybeErased {
    type Output;

    fn into_maybe_erased(self) -> Self::Output;
}

impl<T> IntoMaybeErased for T
where
    T: leptos::prelude::IntoMaybeErased + 'static,
    T::Output: Erased,
{
    type Output = <T::Output as Erased>::Here;

    fn into_maybe_erased(self) -> Self::Output {
        <T::Output as Erased>::take(self)
    }
}

/// What leptos makes of something erased, and what it is here.
pub trait Erased {
    type Here: 'static;

    fn take<T>(made: T) -> Self::Here
    where
        T: leptos::prelude::IntoMaybeErased<Output = Self> + 'static;
}

impl Erased for Foreign {
    type Here = AnyView;

    fn take<T>(made: T) -> AnyView
    where
        T: leptos::prelude::IntoMaybeErased<Output = Self> + 'static,
    {
        match downcast_view(made) {
            Ok(view) => view,
            Err(made) => AnyView::foreign(made.into_maybe_erased()),
        }
    }
}

impl Erased for AnyNestedRoute {
    type Here = Self;

    fn take<T>(made: T) -> Self
    where
        T: leptos::prelude::IntoMaybeErased<Output = Self> + 'static,
    {
        made.into_maybe_erased()
    }
}

/// What stands side by side. The macro calls it by the name of leptos' `StaticVec`.
pub struct Fragment;

impl Fragment {
    pub fn from<T: IntoFragment>(items: Vec<T>) -> T::Fragment {
        T::into_fragment(items)
    }
}

pub trait IntoFragment: Sized {
    type Fragment;

    fn into_fragment(items: Vec<Self>) -> Self::Fragment;
}

impl IntoFragment for AnyView {
    type Fragment = Self;

    fn into_fragment(items: Vec<Self>) -> Self {
        Self::fragment(items)
    }
}

impl IntoFragment for AnyNestedRoute {
    type Fragment = StaticVec<Self>;

    fn into_fragment(items: Vec<Self>) -> StaticVec<Self> {
        items.into()
    }
}

#[inline]
pub(crate) fn erase<T: RenderHtml>(view: T) -> AnyView {
    match downcast_view(view.into_owned()) {
        Ok(view) => view,
        Err(view) => wrap_foreign(view),
    }
}

/// A view of leptos' own making.
#[inline(never)]
fn wrap_foreign<T: RenderHtml>(view: T) -> AnyView {
    AnyView::foreign(leptos::prelude::IntoAny::into_any(view))
}

/// A view of ours, whatever the types say of it.
#[inline]
fn downcast_view<T: 'static>(view: T) -> Result<AnyView, T> {
    let view = match downcast::<_, AnyView>(view) {
        Ok(view) => return Ok(view),
        Err(view) => view,
    };
    let view = match downcast::<_, Element>(view) {
        Ok(element) => return Ok(element.into()),
        Err(view) => view,
    };
    let view = match downcast::<_, &'static str>(view) {
        Ok(text) => return Ok(text.into_render()),
        Err(view) => view,
    };
    downcast::<_, String>(view).map(IntoRender::into_render)
}

/// A value as the type that it has. The compiler knows the answer.
#[inline]
fn downcast<T: 'static, U: 'static>(value: T) -> Result<U, T> {
    if TypeId::of::<T>() != TypeId::of::<U>() {
        return Err(value);
    }
    let mut value = Some(value);
    let slot: &mut dyn std::any::Any = &mut value;
    let found = slot.downcast_mut::<Option<U>>().and_then(Option::take);
    found.ok_or_else(|| unreachable!("the types are the same"))
}

impl IntoRender for AnyView {
    fn into_render(self) -> AnyView {
        self
    }
}

impl IntoRender for Element {
    fn into_render(self) -> AnyView {
        self.into()
    }
}

impl IntoRender for () {
    fn into_render(self) -> AnyView {
        AnyView::nothing()
    }
}

macro_rules! text {
    ($($ty:ty)*) => {
        $(
            impl IntoRender for $ty {
                #[inline(never)]
                fn into_render(self) -> AnyView {
                    AnyView::text(self.into())
                }
            }
        )*
    };
}
text! { String &'static str Arc<str> Cow<'static, str> Oco<'static, str> }

impl IntoRender for &String {
    fn into_render(self) -> AnyView {
        self.clone().into_render()
    }
}

macro_rules! printed {
    ($($ty:ty)*) => {
        $(
            impl IntoRender for $ty {
                fn into_render(self) -> AnyView {
                    self.to_string().into_render()
                }
            }
        )*
    };
}
printed! { char i32 i64 u8 u16 u32 u64 usize }

impl IntoRender for InertElement {
    fn into_render(self) -> AnyView {
        wrap_foreign(self)
    }
}

impl IntoRender for Foreign {
    fn into_render(self) -> AnyView {
        AnyView::foreign(self)
    }
}

impl<T: RenderHtml + Send + 'static> IntoRender for Suspend<T> {
    fn into_render(self) -> AnyView {
        wrap_foreign(self)
    }
}

impl<T: IntoRender> IntoRender for Option<T> {
    fn into_render(self) -> AnyView {
        self.map_or_else(AnyView::nothing, T::into_render)
    }
}

impl<T: IntoRender> IntoRender for Vec<T> {
    fn into_render(self) -> AnyView {
        AnyView::list(self.into_iter().map(T::into_render).collect())
    }
}

impl<T: IntoRender, const N: usize> IntoRender for [T; N] {
    fn into_render(self) -> AnyView {
        AnyView::list(self.into_iter().map(T::into_render).collect())
    }
}

/// Drawn again whenever a signal it has read changes.
impl<F, T> IntoRender for F
where
    F: FnMut() -> T + Send + 'static,
    T: IntoRender,
{
    fn into_render(mut self) -> AnyView {
        AnyView::live(Box::new(move || self().into_render()))
    }
}

macro_rules! signals {
    ($($signal:ident)*) => {
        $(
            impl<T> IntoRender for $signal<T>
            where
                T: IntoRender + Clone + Send + Sync + 'static,
            {
                fn into_render(self) -> AnyView {
                    (move || self.get()).into_render()
                }
            }
        )*
    };
}
signals! { Signal RwSignal ReadSignal Memo }
