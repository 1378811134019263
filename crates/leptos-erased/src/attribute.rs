//! Attributes as values: what stands in a tag, once or following signals, and what listens to it.

use std::{borrow::Cow, sync::Arc};

use leptos::{
    oco::Oco,
    prelude::{Get, Memo, ReadSignal, RenderEffect, RwSignal, Signal},
    tachys::renderer::{RemoveEventHandler, Rndr, types::Event},
};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;

/// The value of an attribute. Without one the attribute is not there.
pub enum Value {
    Absent,
    Text(Oco<'static, str>),
    /// Asked again whenever a signal it has read changes.
    Live(Box<dyn FnMut() -> Option<Oco<'static, str>> + Send>),
}

impl Value {
    /// What it is at this moment.
    fn now(self) -> Option<Oco<'static, str>> {
        match self {
            Self::Absent => None,
            Self::Text(text) => Some(text),
            Self::Live(mut live) => live(),
        }
    }
}

/// What may be said of an attribute in `view!`.
pub trait IntoAttributeValue {
    fn into_attribute_value(self) -> Value;
}

impl IntoAttributeValue for Value {
    fn into_attribute_value(self) -> Value {
        self
    }
}

macro_rules! text {
    ($($ty:ty)*) => {
        $(
            impl IntoAttributeValue for $ty {
                fn into_attribute_value(self) -> Value {
                    Value::Text(self.into())
                }
            }
        )*
    };
}
text! { String &'static str Arc<str> Cow<'static, str> Oco<'static, str> }

impl IntoAttributeValue for &String {
    fn into_attribute_value(self) -> Value {
        self.clone().into_attribute_value()
    }
}

macro_rules! printed {
    ($($ty:ty)*) => {
        $(
            impl IntoAttributeValue for $ty {
                fn into_attribute_value(self) -> Value {
                    self.to_string().into_attribute_value()
                }
            }
        )*
    };
}
printed! { i32 i64 u8 u16 u32 u64 usize leptos::nonce::Nonce }

/// There or not there.
impl IntoAttributeValue for bool {
    fn into_attribute_value(self) -> Value {
        if self { Value::Text("".into()) } else { Value::Absent }
    }
}

impl<T: IntoAttributeValue> IntoAttributeValue for Option<T> {
    fn into_attribute_value(self) -> Value {
        self.map_or(Value::Absent, T::into_attribute_value)
    }
}

impl<F, T> IntoAttributeValue for F
where
    F: FnMut() -> T + Send + 'static,
    T: IntoAttributeValue,
{
    fn into_attribute_value(mut self) -> Value {
        Value::Live(Box::new(move || self().into_attribute_value().now()))
    }
}

macro_rules! signals {
    ($($signal:ident)*) => {
        $(
            impl<T> IntoAttributeValue for $signal<T>
            where
                T: IntoAttributeValue + Clone + Send + Sync + 'static,
            {
                fn into_attribute_value(self) -> Value {
                    (move || self.get()).into_attribute_value()
                }
            }
        )*
    };
}
signals! { Signal RwSignal ReadSignal Memo }

/// The value of a property, which only the browser has: what a field holds now, whatever its tag says.
pub trait IntoProperty {
    fn into_property(self) -> Property;
}

type Property = Box<dyn FnMut() -> JsValue + Send>;

macro_rules! properties {
    ($($ty:ty)*) => {
        $(
            impl IntoProperty for $ty {
                fn into_property(self) -> Property {
                    Box::new(move || self.clone().into())
                }
            }
        )*
    };
}
properties! { String bool f64 }

impl<F, T> IntoProperty for F
where
    F: FnMut() -> T + Send + 'static,
    T: Into<JsValue>,
{
    fn into_property(mut self) -> Property {
        Box::new(move || self().into())
    }
}

macro_rules! property_signals {
    ($($signal:ident)*) => {
        $(
            impl<T> IntoProperty for $signal<T>
            where
                T: Into<JsValue> + Clone + Send + Sync + 'static,
            {
                fn into_property(self) -> Property {
                    Box::new(move || self.get().into())
                }
            }
        )*
    };
}
property_signals! { Signal RwSignal Memo }

type Listener = Box<dyn FnMut(Event)>;

/// One thing that is said in a tag.
pub enum Attribute {
    Named(&'static str, Value),
    Property(&'static str, Property),
    On(Cow<'static, str>, SendWrapper<Listener>),
    /// Learns of the element once it is on the page.
    Ref(Box<dyn FnOnce(&web_sys::Element) + Send>),
    /// Stands for the children, and is not escaped.
    InnerHtml(Oco<'static, str>),
}

/// What the page keeps of an attribute.
pub(crate) enum State {
    Still(&'static str, Option<Oco<'static, str>>),
    Live(
        &'static str,
        #[expect(dead_code, reason = "the effect ends with its handle")] RenderEffect<Option<Oco<'static, str>>>,
    ),
    Property(#[expect(dead_code, reason = "the effect ends with its handle")] RenderEffect<JsValue>),
    On(
        Cow<'static, str>,
        #[expect(dead_code, reason = "the listener ends with its handle")] RemoveEventHandler<web_sys::Element>,
    ),
    Ref,
    InnerHtml,
}

/// Whether the server has written the attribute already, or it has to be set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeOrigin {
    Written,
    Fresh,
}

impl Attribute {
    pub(crate) fn attach(self, el: &web_sys::Element, origin: NodeOrigin) -> State {
        match self {
            Self::Named(name, Value::Live(live)) => State::Live(name, follow(el, name, live, origin)),
            Self::Named(name, value) => {
                let value = value.now();
                if origin == NodeOrigin::Fresh {
                    set(el, name, value.as_deref());
                }
                State::Still(name, value)
            }
            Self::Property(key, mut value) => {
                let el = el.clone();
                State::Property(RenderEffect::new(move |old: Option<JsValue>| {
                    let value = value();
                    if old.as_ref() != Some(&value) {
                        Rndr::set_property_or_value(&el, key, &value);
                    }
                    value
                }))
            }
            Self::On(name, listener) => {
                let listener = Rndr::add_event_listener(el, &name, listener.take());
                State::On(name, listener)
            }
            Self::Ref(learn) => {
                learn(el);
                State::Ref
            }
            Self::InnerHtml(html) => {
                if origin == NodeOrigin::Fresh {
                    Rndr::set_inner_html(el, &html);
                }
                State::InnerHtml
            }
        }
    }

    /// Says the same thing anew.
    pub(crate) fn replace(self, el: &web_sys::Element, state: &mut State) {
        match (self, state) {
            (Self::Named(name, value @ (Value::Absent | Value::Text(_))), State::Still(_, old)) => {
                let value = value.now();
                if *old != value {
                    set(el, name, value.as_deref());
                    *old = value;
                }
            }
            (attribute, state) => *state = attribute.attach(el, NodeOrigin::Fresh),
        }
    }

    /// Whether it can take the place of what is there: the same kind of thing of the same name.
    pub(crate) fn fits(&self, state: &State) -> bool {
        match (self, state) {
            (Self::Named(name, _), State::Still(old, _) | State::Live(old, _)) => name == old,
            (Self::On(name, _), State::On(old, _)) => name == old,
            (Self::Property(..), State::Property(_))
            | (Self::Ref(_), State::Ref)
            | (Self::InnerHtml(_), State::InnerHtml) => true,
            _ => false,
        }
    }

    /// Writes it into a tag, or into `inner` what takes the place of the children.
    pub(crate) fn write(self, tag: &mut String, inner: &mut String) {
        match self {
            Self::Named(name, value) => {
                if let Some(value) = value.now() {
                    tag.push(' ');
                    tag.push_str(name);
                    if !value.is_empty() {
                        tag.push_str("=\"");
                        escape(&value, tag);
                        tag.push('"');
                    }
                }
            }
            Self::InnerHtml(html) => inner.push_str(&html),
            Self::Property(..) | Self::On(..) | Self::Ref(_) => {}
        }
    }
}

fn set(el: &web_sys::Element, name: &str, value: Option<&str>) {
    match value {
        Some(value) => Rndr::set_attribute(el, name, value),
        None => Rndr::remove_attribute(el, name),
    }
}

fn follow(
    el: &web_sys::Element,
    name: &'static str,
    mut live: Box<dyn FnMut() -> Option<Oco<'static, str>> + Send>,
    origin: NodeOrigin,
) -> RenderEffect<Option<Oco<'static, str>>> {
    let el = el.clone();
    RenderEffect::new(move |old: Option<Option<Oco<'static, str>>>| {
        let value = live();
        let changed = match old {
            Some(old) => old != value,
            None => origin == NodeOrigin::Fresh,
        };
        if changed {
            set(&el, name, value.as_deref());
        }
        value
    })
}

/// As the value of an attribute in double quotes. No name here takes a script.
fn escape(value: &str, into: &mut String) {
    let mut written = 0;
    for (at, byte) in value.bytes().enumerate() {
        let entity = match byte {
            b'&' => "&amp;",
            b'"' => "&quot;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => continue,
        };
        into.push_str(&value[written..at]);
        into.push_str(entity);
        written = at + 1;
    }
    into.push_str(&value[written..]);
}
