//! Clerk in the browser: its script draws its own forms, and moves its session between organizations.

use js_sys::{Function, Object, Promise, Reflect};
use leptos::{html, nonce::use_nonce, prelude::*};
use switchboard::viewer::Identity;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

use super::{
    gate::gate,
    return_to::{self, query_param},
};
use crate::{
    kit::{StatusDot, browser, status_dot},
    viewer,
};

/// How far Clerk's script is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Loading,
    Ready,
    Failed,
}

pub fn is_clerk() -> bool {
    matches!(viewer().installation.identity, Identity::Clerk { .. })
}

/// Clerk's script, with the nonce of this document; `then` runs once it is ready. Nothing with our own accounts.
pub fn script(then: impl FnOnce(Clerk) + Send + Sync + 'static) -> AnyView {
    let Identity::Clerk {
        publishable_key,
        script,
    } = viewer().installation.identity
    else {
        return ().into_any();
    };
    let stage = RwSignal::new(Stage::Loading);
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
                stage.set(Stage::Ready);
                then(clerk_again());
            },
            move || stage.set(Stage::Failed),
        );
    };
    // The script may have arrived before this page listened.
    Effect::new(move |_| start());
    let word = move || match stage.get() {
        Stage::Loading => {
            view! { <p class="s13 ink2" role="status">{status_dot(StatusDot::Work, "Clerk is loading")}</p> }.into_any()
        }
        Stage::Ready => ().into_any(),
        Stage::Failed => view! {
            <div class="banner boxed" data-kind="fault" role="alert">
                {status_dot(StatusDot::Fail, "Clerk")}
                <p>"Clerk could not be reached. Check your connection, then reload this page."</p>
            </div>
        }
        .into_any(),
    };
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
        {word}
    }
    .into_any()
}

fn clerk_again() -> Clerk {
    Clerk::of_window().expect("it was just loaded")
}

/// The object that Clerk's script leaves in the window.
pub struct Clerk(JsValue);

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
            super::sign_out_form("btn primary lg block"),
        );
    }
    gate(
        "Signing out",
        "Clerk ends your session.",
        script(|clerk| clerk.sign_out()),
    )
}
