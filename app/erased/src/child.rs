//! Children: whatever stands between tags becomes an `AnyView`, by as few ways as possible.

use std::{any::TypeId, borrow::Cow, sync::Arc};

use leptos::{
    oco::Oco,
    prelude::{AnyView, Get, IntoAny, Memo, ReadSignal, RenderHtml, RwSignal, Signal, Suspend, View},
    tachys::{
        html::InertElement,
        view::iterators::StaticVec,
    },
};

use crate::Element;

/// What may stand in braces between tags.
pub trait IntoRender {
    fn into_render(self) -> AnyView;
}

/// A piece of a page, what a component answers, or a route: whatever leptos erases, but only once.
pub trait IntoMaybeErased {
    type Output;

    fn into_maybe_erased(self) -> Self::Output;
}

impl<T> IntoMaybeErased for T
where
    T: leptos::prelude::IntoMaybeErased + 'static,
    T::Output: 'static,
{
    type Output = T::Output;

    fn into_maybe_erased(self) -> T::Output {
        let view = match same::<_, T::Output>(self) {
            Ok(erased) => return erased,
            Err(view) => view,
        };
        match same::<_, View<AnyView>>(view) {
            Ok(wrapped) => same(wrapped.into_inner()).unwrap_or_else(|_| unreachable!("a view is erased to an AnyView")),
            Err(view) => leptos::prelude::IntoMaybeErased::into_maybe_erased(view),
        }
    }
}

/// Erases a view once: what is erased already stays as it is, and so does an element whatever it is wrapped in.
pub(crate) fn erase<T: RenderHtml>(view: T) -> AnyView {
    let view = view.into_owned();
    match same::<_, AnyView>(view) {
        Ok(view) => view,
        Err(view) => match same::<_, View<AnyView>>(view) {
            Ok(view) => view.into_inner(),
            Err(view) => match same::<_, View<Element>>(view) {
                Ok(view) => view.into_inner().into_any(),
                Err(view) => view.into_any(),
            },
        },
    }
}

/// The views of a fragment one by one, or the one view that it is.
pub(crate) fn push<T: RenderHtml>(view: T, onto: &mut Vec<AnyView>) {
    match same::<_, StaticVec<AnyView>>(view.into_owned()) {
        Ok(views) => onto.extend(views),
        Err(view) => onto.push(erase(view)),
    }
}

/// A value as the type that it has. The compiler knows the answer.
fn same<T: 'static, U: 'static>(value: T) -> Result<U, T> {
    if TypeId::of::<T>() != TypeId::of::<U>() {
        return Err(value);
    }
    let mut value = Some(value);
    let slot: &mut dyn std::any::Any = &mut value;
    let found = slot.downcast_mut::<Option<U>>().and_then(Option::take);
    found.ok_or_else(|| unreachable!("the types are the same"))
}

macro_rules! views {
    ($($ty:ty)*) => {
        $(
            impl IntoRender for $ty {
                fn into_render(self) -> AnyView {
                    erase(self)
                }
            }
        )*
    };
}
views! {
    () AnyView Element InertElement StaticVec<AnyView>
    String &'static str Arc<str> Cow<'static, str> Oco<'static, str> char
    i32 i64 u8 u16 u32 u64 usize f64
}

impl IntoRender for &String {
    fn into_render(self) -> AnyView {
        self.clone().into_render()
    }
}

impl<T: RenderHtml> IntoRender for View<T> {
    fn into_render(self) -> AnyView {
        erase(self.into_inner())
    }
}

impl<T: IntoRender> IntoRender for Option<T> {
    fn into_render(self) -> AnyView {
        self.map(T::into_render).into_any()
    }
}

impl<T: IntoRender> IntoRender for Vec<T> {
    fn into_render(self) -> AnyView {
        self.into_iter().map(T::into_render).collect::<Vec<_>>().into_any()
    }
}

impl<T: IntoRender, const N: usize> IntoRender for [T; N] {
    fn into_render(self) -> AnyView {
        self.into_iter().map(T::into_render).collect::<Vec<_>>().into_any()
    }
}

impl<T: RenderHtml + Send + 'static> IntoRender for Suspend<T> {
    fn into_render(self) -> AnyView {
        self.into_any()
    }
}

/// Drawn again whenever a signal it has read changes.
impl<F, T> IntoRender for F
where
    F: FnMut() -> T + Send + 'static,
    T: IntoRender,
{
    fn into_render(mut self) -> AnyView {
        let draw: Box<dyn FnMut() -> AnyView + Send> = Box::new(move || self().into_render());
        draw.into_any()
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
