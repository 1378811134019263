//! Clerk in the browser: its script draws its own forms, and moves its session between organizations.

use js_sys::{Function, Object, Promise, Reflect};
use leptos::{html, nonce::use_nonce, prelude::*, task::spawn_local};
use switchboard::viewer::Identity;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

use super::{
    gate::gate,
    return_to::{self, query_param},
};
#[cfg(feature = "ssr")]
use crate::api::{core, session_cookie};
use crate::{
    AppError, Wire,
    kit::{
        StatusDot,
        browser::{self, Keep},
        reactive_text, status_dot,
    },
    viewer,
};

/// How far Clerk's script is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Loading,
    Ready,
    Failed,
    /// Clerk says that somebody is signed in, and this server does not take its word.
    Refused,
}

pub fn is_clerk() -> bool {
    matches!(viewer().installation.identity, Identity::Clerk { .. })
}

/// Clerk's script, with the nonce of this document; `then` runs once it is ready. Nothing with our own accounts.
pub fn script(then: impl FnOnce(Clerk) + Send + Sync + 'static) -> AnyView {
    let stage = RwSignal::new(Stage::Loading);
    let words = move || match stage.get() {
        Stage::Loading => {
            view! { <p class="s13 ink2" role="status">{status_dot(StatusDot::Work, "Clerk is loading")}</p> }.into_any()
        }
        Stage::Ready => ().into_any(),
        Stage::Failed => unreachable_banner("Check your connection, then reload this page."),
        Stage::Refused => refused(),
    };
    view! { {load(stage, then)} {words} }.into_any()
}

/// That the frame has Clerk's script already.
#[derive(Clone)]
struct InFrame;

/// On every page of somebody whom Clerk has signed in: its script renews the session, which lives for a minute. All of it is the
/// document's, so that the program has nothing of it.
pub fn renewal() -> AnyView {
    let Identity::Clerk {
        publishable_key,
        script,
    } = viewer().installation.identity
    else {
        return ().into_any();
    };
    provide_context(InFrame);
    view! {
        <script
            id="clerk"
            src=script
            async=true
            crossorigin="anonymous"
            data-clerk-publishable-key=publishable_key
            nonce=use_nonce()
        ></script>
        <script nonce=use_nonce()>{include_str!("renew.js")}</script>
    }
    .into_any()
}

fn unreachable_banner(advice: &'static str) -> AnyView {
    view! {
        <div class="banner boxed" data-kind="fault" role="alert">
            {status_dot(StatusDot::Fail, "Clerk")}
            <p>"Clerk could not be reached. " {advice}</p>
        </div>
    }
    .into_any()
}

/// Why the server does not take Clerk's word, and the way on.
fn refused() -> AnyView {
    let why = RwSignal::new(String::new());
    spawn_local(async move {
        let words = match session_refusal().await {
            Ok(Some(reason)) => format!("The session that Clerk gave you is not taken: {reason}."),
            Ok(None) => "The session that Clerk gave you did not arrive here, or cannot be read.".to_owned(),
            Err(error) => error.to_string(),
        };
        why.try_set(words);
    });
    view! {
        <div class="banner boxed" data-kind="fault" role="alert">
            {status_dot(StatusDot::Fail, "Not signed in")}
            <p>{reactive_text(move || why.get())} " Your operator finds the same line in the server's log."</p>
            <button type="button" class="btn sm" on:click=|_| browser::reload()>"Try again"</button>
        </div>
    }
    .into_any()
}

/// Why the session of this request is not taken, if it is one of Clerk's.
#[server(protocol = Wire)]
pub async fn session_refusal() -> Result<Option<String>, AppError> {
    let core = core();
    let Ok(token) = session_cookie() else {
        return Ok(None);
    };
    Ok(core.tokens.clerk_refusal(&token, chrono::Utc::now()).await)
}

fn load(stage: RwSignal<Stage>, then: impl FnOnce(Clerk) + Send + Sync + 'static) -> AnyView {
    let Identity::Clerk {
        publishable_key,
        script,
    } = viewer().installation.identity
    else {
        return ().into_any();
    };
    let node = NodeRef::<html::Script>::new();
    let then = StoredValue::new(Some(then));
    let start = move || {
        let Some(clerk) = Clerk::of_window() else { return };
        let Some(Some(then)) = then.try_update_value(Option::take) else {
            return;
        };
        let nonce = node.get_untracked().map(|script| script.nonce()).unwrap_or_default();
        clerk.load(
            &nonce,
            move || {
                let clerk = clerk_again();
                if clerk.is_refused() {
                    stage.try_set(Stage::Refused);
                } else {
                    stage.try_set(Stage::Ready);
                    then(clerk);
                }
            },
            move || {
                stage.try_set(Stage::Failed);
            },
        );
    };
    // The script may have arrived before this page listened, or have been blocked before: nobody tells of that any more.
    Effect::new(move |_| {
        start();
        browser::after(PATIENCE_MS, move || {
            if stage.try_get_untracked() == Some(Stage::Loading) && Clerk::of_window().is_none() {
                stage.try_set(Stage::Failed);
            }
        });
    });
    if use_context::<InFrame>().is_some() {
        Effect::new(move |_| {
            let Some(script) = browser::element("clerk") else {
                return;
            };
            let loaded = Closure::<dyn Fn()>::new(start);
            let failed = Closure::<dyn Fn()>::new(move || {
                stage.try_set(Stage::Failed);
            });
            for (kind, then) in [("load", loaded), ("error", failed)] {
                let _ = script.add_event_listener_with_callback(kind, then.as_ref().unchecked_ref());
                then.forget();
            }
        });
        return ().into_any();
    }
    view! {
        <script
            node_ref=node
            src=script
            async=true
            crossorigin="anonymous"
            data-clerk-publishable-key=publishable_key
            nonce=use_nonce()
            on:load=move |_| start()
            on:error=move |_| stage.set(Stage::Failed)
        ></script>
    }
    .into_any()
}

fn clerk_again() -> Clerk {
    Clerk::of_window().expect("it was just loaded")
}

/// The object that Clerk's script leaves in the window.
pub struct Clerk(JsValue);

/// How long Clerk's script may take to arrive. One that comes later is used all the same.
const PATIENCE_MS: u64 = 10_000;

/// When somebody with a session of Clerk was sent on from the sign-in page of this tab.
const SENT: &str = "clerk-sent";
const AGAIN_MS: i64 = 15_000;

impl Clerk {
    fn of_window() -> Option<Self> {
        let clerk = Reflect::get(&window(), &"Clerk".into()).ok()?;
        clerk.is_object().then_some(Self(clerk))
    }

    fn call(&self, method: &str, arguments: &[JsValue]) -> Option<JsValue> {
        let method: Function = Reflect::get(&self.0, &method.into()).ok()?.dyn_into().ok()?;
        method.apply(&self.0, &arguments.iter().collect()).ok()
    }

    /// Asks, and runs one of the two afterwards.
    fn promise(&self, method: &str, arguments: &[JsValue], then: impl FnOnce() + 'static, or: impl FnOnce() + 'static) {
        match self
            .call(method, arguments)
            .and_then(|answer| answer.dyn_into::<Promise>().ok())
        {
            Some(promise) => {
                let (then, or) = (
                    Closure::once(move |_: JsValue| then()),
                    Closure::once(move |_: JsValue| or()),
                );
                let _ = promise.then2(&then, &or);
                // One of them runs, once, after this function has returned.
                then.forget();
                or.forget();
            }
            None => or(),
        }
    }

    fn is_signed_in(&self) -> bool {
        Reflect::get(&self.0, &"session".into()).is_ok_and(|session| session.is_object())
    }

    /// Whether somebody signed in comes to a page for those who are not, a moment after they were sent on from there: nothing would
    /// be different the next time.
    fn is_refused(&self) -> bool {
        if viewer().person.is_some() || !self.is_signed_in() {
            return false;
        }
        let now = browser::now() as i64;
        let sent: Option<i64> = browser::stored(Keep::Tab, SENT).and_then(|at| at.parse().ok());
        let again = sent.is_some_and(|at| (0..AGAIN_MS).contains(&now.saturating_sub(at)));
        if again {
            browser::forget(Keep::Tab, SENT);
        } else {
            browser::store(Keep::Tab, SENT, &now.to_string());
        }
        again
    }

    fn load(&self, nonce: &str, then: impl FnOnce() + 'static, or: impl FnOnce() + 'static) {
        self.promise("load", &[options(&[("nonce", nonce)])], then, or);
    }

    fn sign_out(&self) {
        self.promise("signOut", &[], || browser::go("/sign-in"), || browser::go("/sign-in"));
    }
}

fn options(pairs: &[(&str, &str)]) -> JsValue {
    let object = Object::new();
    for (key, value) in pairs {
        let _ = Reflect::set(&object, &(*key).into(), &(*value).into());
    }
    object.into()
}

/// One of Clerk's own forms, in our page.
pub(super) fn mount(method: &'static str) -> AnyView {
    let next = query_param("next");
    let place = NodeRef::<html::Div>::new();
    let script = script(move |clerk| {
        let next = next.get_untracked();
        if clerk.is_signed_in() && viewer().person.is_none() {
            return browser::go(return_to::safe_return_path(&next));
        }
        let to = options(&[
            ("fallbackRedirectUrl", return_to::safe_return_path(&next)),
            ("signInUrl", "/sign-in"),
            ("signUpUrl", "/sign-up"),
        ]);
        if let Some(place) = place.get_untracked() {
            let place: &JsValue = place.as_ref();
            clerk.call(method, &[place.clone(), to]);
        }
    });
    view! { <div node_ref=place></div> {script} }.into_any()
}

/// Moves Clerk's session to an organization, or to none for the personal workspace, and on to `next`.
pub fn activate(org: Option<String>, next: String, failed: impl FnOnce() + 'static) {
    let Some(clerk) = Clerk::of_window() else {
        return failed();
    };
    let choice = Object::new();
    let org = org.map_or(JsValue::NULL, JsValue::from);
    let _ = Reflect::set(&choice, &"organization".into(), &org);
    clerk.promise(
        "setActive",
        &[choice.into()],
        move || browser::go(return_to::safe_return_path(&next)),
        failed,
    );
}

/// Ends Clerk's session, which only its script can.
#[component]
pub fn SignOutPage() -> impl IntoView {
    if !is_clerk() {
        return gate(
            "Sign out",
            "You are leaving this installation.",
            super::sign_out_form("btn primary lg block", ""),
        );
    }
    gate(
        "Signing out",
        "Clerk ends your session.",
        script(|clerk| clerk.sign_out()),
    )
}
