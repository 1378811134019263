//! Forms: sending, waiting, and putting every complaint beside its field. They work before the page is alive, too.

use leptos::{
    html,
    prelude::*,
    server_fn::{Http, ServerFn, client::Client, codec::PostUrl, request::ClientReq},
};
use serde::de::DeserializeOwned;
use switchboard::{Error, error::FieldError};

use super::{
    browser,
    fault::banner,
    part::{effect, part, state},
};
use crate::{AppError, viewer};

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

    pub fn error_at(self, path: &str) -> Option<String> {
        self.failure.with(|failure| {
            let fields = failure.as_ref()?.0.fields();
            fields
                .iter()
                .find(|error| error.field == path)
                .map(|error| error.message.clone())
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
        part(move || {
            let error = self.failure.get().and_then(|failure| self.homeless(failure));
            error.map(|error| banner(&error)).into_any()
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

/// A form that calls a server function. Fields inside find their errors by themselves.
#[component]
pub fn Form<S, OutputProtocol: 'static>(
    action: ServerAction<S>,
    #[prop(default = "stack s3")] class: &'static str,
    children: Children,
) -> impl IntoView
where
    S: ServerFn<Error = AppError, Protocol = Http<PostUrl, OutputProtocol>>
        + DeserializeOwned
        + Clone
        + Send
        + Sync
        + 'static,
    <<S::Client as Client<AppError>>::Request as ClientReq<AppError>>::FormData: From<web_sys::FormData>,
    S::Output: Clone + Send + Sync + 'static,
    S::Client: Client<AppError>,
{
    let value = action.value();
    let failure =
        Signal::derive(move || value.with(|value| value.as_ref().and_then(|answer| answer.as_ref().err().cloned())));
    let inside = form_inside(failure, action.pending().into(), class, children);
    let node = NodeRef::<html::Form>::new();
    // What is wrong is said in the words of the checks, the same ones with and without a living page.
    view! { <ActionForm action=action node_ref=node attr:novalidate=true>{inside}</ActionForm> }
}

fn form_inside(
    failure: Signal<Option<AppError>>,
    pending: Signal<bool>,
    class: &'static str,
    children: Children,
) -> AnyView {
    let state = form_state(failure, pending);
    state.focus_on_failure();
    let inside = children();
    view! { <div class=class>{state.notice()}{inside}</div> }.into_any()
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
        <button type="submit" class=class aria-busy=state(busy)>
            {label}
        </button>
    }
}
