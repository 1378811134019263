//! Forms: sending, waiting, and putting every complaint beside its field. They work before the page is alive, too.

use std::{marker::PhantomData, ops::Deref, sync::Arc};

use leptos::{
    prelude::*,
    server::ServerActionError,
    server_fn::{ServerFn, error::ServerFnUrlError},
    task::spawn_local,
};
use serde::de::DeserializeOwned;
use switchboard::{Error, error::FieldError};
use wasm_bindgen::JsCast;

use super::{
    browser,
    fault::error_banner,
    reactive::{aria_bool, dynamic, effect},
};
use crate::{AppError, viewer, wire};

/// What forms send to one server function, and what became of it. The same few signals whichever function it is.
#[derive(Clone, Copy)]
pub struct Sent {
    path: &'static str,
    under_way: RwSignal<usize>,
    /// The JSON of the last answer.
    answer: RwSignal<Option<Result<Arc<str>, AppError>>>,
    ended: RwSignal<usize>,
    done: RwSignal<usize>,
}

impl Sent {
    fn to(path: &'static str) -> Self {
        // Without a living page the answer is the page drawn anew, with the failure in its address.
        let failure = use_context::<ServerActionError>()
            .filter(|failed| failed.path() == path)
            .map(|failed| Err(ServerFnUrlError::<AppError>::decode_err(failed.err())));
        Self {
            path,
            under_way: RwSignal::new(0),
            answer: RwSignal::new(failure),
            ended: RwSignal::new(0),
            done: RwSignal::new(0),
        }
    }

    pub fn pending(self) -> bool {
        self.under_way.get() > 0
    }

    /// Why the last one was refused.
    pub fn failure(self) -> Option<AppError> {
        self.answer.with(|answer| answer.as_ref()?.as_ref().err().cloned())
    }

    /// How often there was an answer.
    pub fn ended(self) -> usize {
        self.ended.get()
    }

    /// How often that was no refusal.
    pub fn done(self) -> usize {
        self.done.get()
    }

    fn send(self, event: web_sys::SubmitEvent) {
        if event.default_prevented() {
            return;
        }
        // What cannot be read here, the browser sends by itself.
        let Some(body) = fields_of(&event) else { return };
        event.prevent_default();
        self.under_way.update(|n| *n += 1);
        spawn_local(async move {
            let answer = wire::post(self.path, wire::FORM, body).await;
            let done = answer.is_ok();
            // The page may be gone by now.
            self.under_way.try_update(|n| *n -= 1);
            self.answer.try_set(Some(answer.map(Arc::from)));
            self.ended.try_update(|n| *n += 1);
            if done {
                self.done.try_update(|n| *n += 1);
            }
        });
    }
}

/// The form as the browser itself would send it.
fn fields_of(event: &web_sys::SubmitEvent) -> Option<String> {
    let form: web_sys::HtmlFormElement = event.target()?.unchecked_into();
    let fields = web_sys::FormData::new_with_form(&form).ok()?;
    let button = event
        .submitter()
        .and_then(|button| button.dyn_into::<web_sys::HtmlButtonElement>().ok());
    if let Some(button) = button.filter(|button| !button.name().is_empty()) {
        fields.append_with_str(&button.name(), &button.value()).ok()?;
    }
    let fields = web_sys::UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()?;
    Some(fields.to_string().into())
}

/// [`Sent`] to the function `S`, for those who want its answer.
pub struct Sending<S>(Sent, PhantomData<fn() -> S>);

impl<S> Clone for Sending<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S> Copy for Sending<S> {}
impl<S> Deref for Sending<S> {
    type Target = Sent;

    fn deref(&self) -> &Sent {
        &self.0
    }
}
impl<S> From<Sending<S>> for Sent {
    fn from(sending: Sending<S>) -> Self {
        sending.0
    }
}

impl<S: ServerFn> Sending<S> {
    #[expect(
        clippy::new_without_default,
        reason = "it reads the address of the page, which no default does"
    )]
    pub fn new() -> Self {
        Self(Sent::to(S::PATH), PhantomData)
    }

    /// What the function said last, if it refused nothing.
    pub fn answer(self) -> Option<S::Output>
    where
        S::Output: DeserializeOwned,
    {
        self.0
            .answer
            .with(|answer| wire::decode(answer.as_ref()?.as_ref().ok()?).ok())
    }
}

/// What the fields and the button of one form know of its last answer.
#[derive(Clone, Copy)]
pub struct FormState {
    failure: Signal<Option<AppError>>,
    pending: Signal<bool>,
    /// Paths that have a field to stand beside.
    claimed: StoredValue<Vec<String>>,
}

/// For forms that send something other than themselves: provide it, and the kit's fields find it.
pub fn form_state(failure: Signal<Option<AppError>>, pending: Signal<bool>) -> FormState {
    let state = FormState {
        failure,
        pending,
        claimed: StoredValue::new(Vec::new()),
    };
    provide_context(state);
    state
}

impl FormState {
    /// A field on the page takes the complaints about its path.
    pub fn claim(self, path: &str) {
        let path = path.to_owned();
        let gone = path.clone();
        self.claimed.update_value(|claimed| claimed.push(path));
        on_cleanup(move || {
            self.claimed.try_update_value(|claimed| {
                if let Some(at) = claimed.iter().position(|path| *path == gone) {
                    claimed.swap_remove(at);
                }
            });
        });
    }

    pub fn error_at(self, path: &str) -> Option<FieldError> {
        self.failure.with(|failure| {
            let fields = failure.as_ref()?.0.fields();
            fields.iter().find(|error| error.field == path).cloned()
        })
    }

    /// How many fields below this path are wrong.
    pub fn errors_under(self, prefix: &str) -> usize {
        self.failure.with(|failure| {
            let fields = failure.as_ref().map(|failure| failure.0.fields()).unwrap_or_default();
            fields.iter().filter(|error| error.field.starts_with(prefix)).count()
        })
    }

    pub fn pending(self) -> bool {
        self.pending.get()
    }

    /// What no field can say: everything but complaints that have their field on the page.
    pub fn notice(self) -> AnyView {
        dynamic(move || {
            let error = self.failure.get().and_then(|failure| self.homeless(failure));
            error.map(|error| error_banner(&error)).into_any()
        })
    }

    fn homeless(self, failure: AppError) -> Option<Error> {
        match failure.0 {
            Error::Invalid(fields) => {
                let rest: Vec<FieldError> = self.claimed.with_value(|claimed| {
                    fields
                        .into_iter()
                        .filter(|error| !claimed.contains(&error.field))
                        .collect()
                });
                (!rest.is_empty()).then_some(Error::Invalid(rest))
            }
            other => Some(other),
        }
    }

    /// After every failed answer.
    fn focus_on_failure(self) {
        effect(move || {
            if self.failure.with(Option::is_some) {
                focus_first_error();
            }
        });
    }
}

/// Puts the focus where the person is needed next, once what is wrong is on the page.
pub fn focus_first_error() {
    request_animation_frame(|| {
        if let Some(first) = browser::all("[aria-invalid='true']").first() {
            open_folds(first);
            let _ = first.focus();
        } else {
            browser::focus(".banner[role='alert'] a, .banner[role='alert'] button");
        }
    });
}

/// A field in a closed fold cannot be seen, let alone focused.
fn open_folds(element: &web_sys::HtmlElement) {
    let mut at = element.closest("details:not([open])").ok().flatten();
    while let Some(fold) = at {
        let _ = fold.set_attribute("open", "");
        at = fold.closest("details:not([open])").ok().flatten();
    }
}

/// Errors name the request's fields; those of a form with a prefix begin with it.
pub fn prefixed(error: Error, prefix: &str) -> AppError {
    AppError(match error {
        Error::Invalid(fields) => Error::Invalid(
            fields
                .into_iter()
                .map(|wrong| FieldError {
                    field: format!("{prefix}{}", wrong.field),
                    ..wrong
                })
                .collect(),
        ),
        other => other,
    })
}

/// A form that calls a server function. Fields inside find their errors by themselves.
#[component]
pub fn Form(
    #[prop(into)] action: Sent,
    #[prop(default = "stack s3")] class: &'static str,
    children: Children,
) -> impl IntoView {
    let failure = Signal::derive(move || action.failure());
    let state = form_state(failure, Signal::derive(move || action.pending()));
    state.focus_on_failure();
    let inside = children();
    // What is wrong is said in the words of the checks, the same ones with and without a living page.
    let inside = view! { <div class=class>{state.notice()}{inside}</div> }.into_any();
    view! { <BareForm action=action>{inside}</BareForm> }
}

/// The same without a place for what went wrong, for forms that are a button or two.
#[component]
pub fn BareForm(#[prop(into)] action: Sent, children: Children) -> impl IntoView {
    view! { <form method="post" action=action.path novalidate on:submit=move |event| action.send(event)>{children()}</form> }
}

/// Says which organization the page was drawn for. Every form about an organization's things carries it.
#[component]
pub fn OrgField() -> impl IntoView {
    let org = viewer().place.map(|place| place.org_id.to_string());
    view! { <input type="hidden" name="org" value=org/> }
}

/// The button that sends. Shows that it waits, and is not pressed twice.
#[component]
pub fn Submit(#[prop(into)] label: String, #[prop(default = "btn primary")] class: &'static str) -> impl IntoView {
    let form = use_context::<FormState>();
    let busy = move || form.is_some_and(FormState::pending);
    view! {
        <button type="submit" class=class aria-busy=aria_bool(busy)>
            {label}
        </button>
    }
}
