//! Leptos, with one type for all views. `app` knows it by the name `leptos`.
//!
//! In leptos every element with its attributes and every closure in a view is a type of its own, and each type brings its own
//! code to build, hydrate, await, diff and drop it: half of the bundle. Here `view!` makes an [`AnyView`] whose elements have
//! their tag, attributes and children as values. `view!` and `#[component]` name what they build by paths below `::leptos`, so
//! this crate gives the names that matter a meaning of its own and passes the rest through. docs/decisions.md has the figures.
//!
//! With the feature `plain` this is leptos and nothing else. Pages compile against both, so that the day it is no longer needed
//! costs a line in `app/Cargo.toml`.

#[cfg(not(feature = "plain"))]
mod attribute;
#[cfg(not(feature = "plain"))]
mod element;
#[cfg(not(feature = "plain"))]
mod into;
#[cfg(all(debug_assertions, feature = "ssr", not(feature = "plain")))]
mod mark;
#[cfg(all(debug_assertions, feature = "hydrate"))]
mod marks;
#[cfg(not(feature = "plain"))]
mod names;
#[cfg(not(feature = "plain"))]
mod view;

pub use leptos::*;

#[cfg(not(feature = "plain"))]
pub use attribute::{Attribute, Value};
#[cfg(not(feature = "plain"))]
pub use element::Element;
#[cfg(all(debug_assertions, feature = "hydrate"))]
pub use marks::Marks;
#[cfg(not(feature = "plain"))]
pub use view::AnyView;

#[cfg(not(feature = "plain"))]
pub mod prelude {
    pub use leptos::prelude::*;

    pub use crate::{
        attribute::IntoAttributeValue,
        into::{IntoAny, IntoMaybeErased, IntoRender, View},
        view::AnyView,
    };
}

#[cfg(not(feature = "plain"))]
pub mod tachys {
    pub use leptos::tachys::*;

    pub mod html {
        pub use leptos::tachys::html::*;

        pub use crate::names::html as element;
    }

    pub use crate::names::svg;

    pub mod view {
        pub use leptos::tachys::view::*;

        pub mod iterators {
            pub use leptos::tachys::view::iterators::*;

            pub use crate::into::Fragment as StaticVec;
        }
    }
}

/// `view!` wraps closures with this to give them one type. Here [`prelude::IntoRender`] and
/// [`prelude::IntoAttributeValue`] do that, and a closure may stay what it is.
#[doc(hidden)]
#[cfg(not(feature = "plain"))]
pub fn __as_shared_reactive_fn<F>(closure: F) -> F {
    closure
}
