//! Loading: the four states of everything that comes from the server, decided once, for answers of every kind.

use std::{
    any::Any,
    convert::Infallible,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    sync::{Arc, OnceLock},
};

use leptos::{
    prelude::*,
    server::codee::{Decoder, Encoder},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{fault::error_page, menu::menus_closed, reactive::dynamic};
use crate::{AppError, wire};

/// What a page loads. A type of its own for each answer; below it is one resource, compiled once.
pub struct Loading<T> {
    resource: Resource<Answer, AsJson>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Loading<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Loading<T> {}

impl<T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static> Loading<T> {
    /// Asks at once and whenever `source` has changed.
    pub fn new<S, F>(
        source: impl Fn() -> S + Send + Sync + 'static,
        fetch: impl Fn(S) -> F + Send + Sync + 'static,
    ) -> Self
    where
        S: Clone + PartialEq + Send + Sync + 'static,
        F: Future<Output = Result<T, AppError>> + Send + 'static,
    {
        let source = move || Asked(Arc::new(source()));
        let fetch = move |asked: Asked| -> Fetch {
            let source = (&*asked.0 as &dyn Any).downcast_ref::<S>();
            let answer = fetch(source.expect("it came from this source").clone());
            Box::pin(async move {
                let answer = answer.await;
                menus_closed().await;
                answer.map(Loaded::new)
            })
        };
        Self {
            resource: resource(Box::new(source), Box::new(fetch)),
            of: PhantomData,
        }
    }

    pub fn refetch(self) {
        self.resource.refetch();
    }

    /// The answer, waited for while it is on its way.
    pub async fn answer(self) -> Result<T, AppError> {
        self.resource.await?.get::<T>().cloned()
    }
}

type Answer = Result<Loaded, AppError>;
type Fetch = Pin<Box<dyn Future<Output = Answer> + Send>>;

fn resource(
    source: Box<dyn Fn() -> Asked + Send + Sync>,
    fetch: Box<dyn Fn(Asked) -> Fetch + Send + Sync>,
) -> Resource<Answer, AsJson> {
    Resource::new_with_options(source, fetch, false)
}

/// What an answer depends on, to be compared with what it will be.
#[derive(Clone)]
struct Asked(Arc<dyn Source>);

trait Source: Any + Send + Sync {
    fn same(&self, other: &dyn Any) -> bool;
}

impl<S: PartialEq + Any + Send + Sync> Source for S {
    fn same(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<S>() == Some(self)
    }
}

impl PartialEq for Asked {
    fn eq(&self, other: &Self) -> bool {
        (*self.0).same(&*other.0 as &dyn Any)
    }
}

/// An answer of some kind: the value itself where it was made, its JSON where it came with the page.
#[derive(Clone)]
struct Loaded(Arc<Inner>);

struct Inner {
    json: String,
    value: OnceLock<Box<dyn Any + Send + Sync>>,
    /// Only the server writes what the browser will read.
    #[cfg(feature = "ssr")]
    write: fn(&dyn Any) -> String,
}

impl Loaded {
    fn new<T: Serialize + Send + Sync + 'static>(value: T) -> Self {
        Self(Arc::new(Inner {
            json: String::new(),
            value: OnceLock::from(Box::new(value) as Box<dyn Any + Send + Sync>),
            #[cfg(feature = "ssr")]
            write: |value| {
                let json = value.downcast_ref::<T>().map(serde_json::to_string);
                json.and_then(Result::ok).unwrap_or_default()
            },
        }))
    }

    fn from_json(json: &str) -> Self {
        Self(Arc::new(Inner {
            json: json.to_owned(),
            value: OnceLock::new(),
            #[cfg(feature = "ssr")]
            write: |_| String::new(),
        }))
    }

    /// Read once, however many parts of the page draw from it.
    fn get<T: DeserializeOwned + Send + Sync + 'static>(&self) -> Result<&T, AppError> {
        if self.0.value.get().is_none() {
            let value: T = wire::decode(&self.0.json)?;
            // Nobody else is faster: the browser has one thread.
            let _ = self.0.value.set(Box::new(value));
        }
        let value = self.0.value.get().and_then(|value| value.downcast_ref::<T>());
        value.ok_or_else(AppError::unreachable)
    }
}

/// How an answer travels with the page: as serde writes a `Result`.
struct AsJson;

impl Encoder<Answer> for AsJson {
    type Error = Infallible;
    type Encoded = String;

    fn encode(answer: &Answer) -> Result<String, Infallible> {
        #[cfg(feature = "ssr")]
        {
            Ok(match answer {
                Ok(Loaded(inner)) => {
                    let value = inner.value.get().map(|value| (inner.write)(&**value));
                    format!("{OK}{}}}", value.unwrap_or_default())
                }
                Err(error) => format!("{ERR}{}}}", serde_json::to_string(error).unwrap_or_default()),
            })
        }
        #[cfg(not(feature = "ssr"))]
        {
            let _ = answer;
            Ok(String::new())
        }
    }
}

const OK: &str = "{\"Ok\":";
const ERR: &str = "{\"Err\":";

impl Decoder<Answer> for AsJson {
    type Error = AppError;
    type Encoded = str;

    fn decode(json: &str) -> Result<Answer, AppError> {
        let inside = |begin: &str| json.strip_prefix(begin)?.strip_suffix('}');
        match (inside(OK), inside(ERR)) {
            (Some(value), _) => Ok(Ok(Loaded::from_json(value))),
            (None, Some(error)) => Ok(Err(wire::decode(error)?)),
            (None, None) => Err(AppError::unreachable()),
        }
    }
}

/// Draws what has loaded, keeps it while it loads again, and says what failed. `what` as in "The agents did not load";
/// `content` draws emptiness itself, because only it knows why there is nothing.
pub fn loaded<T>(
    loading: Loading<T>,
    what: &'static str,
    skeleton: fn() -> AnyView,
    content: impl Fn(T) -> AnyView + Send + Sync + 'static,
) -> AnyView
where
    T: Clone + DeserializeOwned + Send + Sync + 'static,
{
    let draw = move |answer: &Loaded| answer.get::<T>().cloned().map(&content);
    boundary(loading.resource, skeleton, Arc::new(draw), Some(what))
}

/// Draws something that waits for what is loading, without a picture of its own while it does.
pub fn once_loaded<T>(loading: Loading<T>, content: impl Fn(&T) -> AnyView + Send + Sync + 'static) -> AnyView
where
    T: DeserializeOwned + Send + Sync + 'static,
{
    let draw = move |answer: &Loaded| answer.get().map(&content);
    boundary(loading.resource, || ().into_any(), Arc::new(draw), None)
}

type Draw = Arc<dyn Fn(&Loaded) -> Result<AnyView, AppError> + Send + Sync>;

/// The one transition of all pages. Without `what` a failure is not worth a word here.
fn boundary(
    resource: Resource<Answer, AsJson>,
    skeleton: fn() -> AnyView,
    draw: Draw,
    what: Option<&'static str>,
) -> AnyView {
    let inside = move || {
        dynamic(move || {
            let draw = draw.clone();
            Suspend::new(async move {
                match (resource.await.and_then(|answer| draw(&answer)), what) {
                    (Ok(view), _) => view,
                    (Err(error), Some(what)) => failed(&error, what),
                    (Err(_), None) => ().into_any(),
                }
            })
            .into_any()
        })
    };
    view! { <Transition fallback=skeleton>{inside()}</Transition> }.into_any()
}

fn failed(error: &AppError, what: &str) -> AnyView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>()
        && let Ok(status) = http::StatusCode::from_u16(error.0.status())
    {
        response.set_status(status);
    }
    error_page(&error.0, what)
}

/// The shape of a list that is on its way. It shows after 150 ms, so that quick answers do not flicker.
pub fn skeleton_rows() -> AnyView {
    let rows = ["w58", "w44", "w66", "w51", "w58", "w44"].map(|width| {
        view! {
            <div>
                <span class="skel dot"></span>
                <span class="grow stack s2">
                    <span class=format!("skel {width}")></span>
                    <span class="skel thin w29"></span>
                </span>
                <span class="skel end"></span>
            </div>
        }
    });
    view! {
        <div class="card late">
            <div class="rows" role="status" aria-busy="true" aria-label="Loading">{rows.into_iter().collect_view()}</div>
        </div>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn an_answer_travels_as_serde_writes_it_and_arrives_as_it_was() {
        let value = vec![("Ok\":".to_owned(), Some(1)), (String::new(), None)];
        let json = AsJson::encode(&Ok(Loaded::new(value.clone()))).unwrap();
        assert_eq!(json, serde_json::to_string(&Ok::<_, AppError>(value.clone())).unwrap());
        let arrived = AsJson::decode(&json).unwrap().unwrap();
        assert_eq!(arrived.get(), Ok(&value));
        assert_eq!(arrived.get(), Ok(&value));
        assert_eq!(arrived.get::<String>(), Err(AppError::unreachable()));
    }

    #[test]
    fn a_failure_travels_too() {
        let error = AppError(switchboard::Error::invalid("name", "Fill this in."));
        let json = AsJson::encode(&Err(error.clone())).unwrap();
        assert_eq!(json, serde_json::to_string(&Err::<(), _>(&error)).unwrap());
        assert_eq!(AsJson::decode(&json).unwrap().err(), Some(error));
        assert!(AsJson::decode("[]").is_err());
    }
}
