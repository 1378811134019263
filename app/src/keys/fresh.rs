//! A new key: its name, what it may do, how long it lives; and its secret, shown once.

use leptos::prelude::*;
use switchboard::{
    Error,
    org::Scope,
    resource::{Action, Kind},
};

use super::CreateKey;
use crate::{
    kit::{Copy, Form, FormState, OrgField, Select, Sending, TextField, aria_bool, browser, error_banner, icon},
    may,
};

/// How many days a key may live.
const LIVES: [(&str, &str); 4] = [
    ("90", "90 days"),
    ("365", "1 year"),
    ("30", "30 days"),
    ("", "Until it is revoked"),
];

pub fn form(action: Sending<CreateKey>) -> AnyView {
    let options = LIVES.map(|(days, words)| (days.to_owned(), words.to_owned())).to_vec();
    // A plain form could not bring the secret back: it must not stand in an address, and the page is drawn anew.
    let alive = RwSignal::new(false);
    Effect::new(move |_| alive.set(true));
    view! {
        <section class="card" aria-labelledby="fresh">
            <header><h2 id="fresh">"New key"</h2></header>
            <div class="body">
                <Form action=action>
                    <OrgField/>
                    <TextField path="name" name="draft[name]" label="Name" help="Where it is used, such as “Booking site”."/>
                    <Select path="expires_in_days" name="draft[expires_in_days]" label="Works for" options=options value=LIVES[0].0.to_owned()/>
                    <Scopes/>
                    <button type="submit" class="btn primary block" disabled=true prop:disabled=move || !alive.get() aria-busy=aria_bool(move || action.pending())>
                        "Create key"
                    </button>
                    <noscript inner_html="<p class=\"help\">The secret is shown once, on this page: turn on JavaScript to create a key.</p>"></noscript>
                </Form>
            </div>
        </section>
    }
    .into_any()
}

/// What the key may do: at most what its maker may.
#[component]
fn Scopes() -> impl IntoView {
    let form = use_context::<FormState>();
    if let Some(form) = form {
        form.claim("scopes");
    }
    let error = Memo::new(move |_| form.and_then(|form| form.error_at("scopes")).map(|error| error.message));
    let chosen = RwSignal::new(Vec::<Scope>::new());
    let groups = Kind::ALL
        .iter()
        .map(|&kind| {
            let boxes = Action::ALL
                .into_iter()
                .filter(|action| may(*action, kind))
                .filter_map(|action| {
                    Some(tick(
                        Scope { kind, action },
                        kind.about().permissions.label(action)?,
                        chosen,
                    ))
                })
                .collect::<Vec<_>>();
            (!boxes.is_empty()).then(|| view! { <div class="scopes"><p class="label">{kind.plural()}</p>{boxes}</div> })
        })
        .collect_view();
    let all = |read_only: bool| {
        Scope::all()
            .filter(|scope| {
                may(scope.action, scope.kind) && scope.kind.about().permissions.label(scope.action).is_some()
            })
            .filter(|scope| !read_only || scope.action == Action::Read)
            .collect::<Vec<_>>()
    };
    view! {
        <fieldset class="field" aria-describedby="f-scopes-err">
            <legend class="label">"Permissions"</legend>
            <div class="cluster">
                <button type="button" class="btn sm" on:click=move |_| chosen.set(all(true))>"Read only"</button>
                <button type="button" class="btn sm" on:click=move |_| chosen.set(all(false))>"All of yours"</button>
                <button type="button" class="btn sm quiet" on:click=move |_| chosen.set(Vec::new())>"None"</button>
            </div>
            <p class="err" id="f-scopes-err" hidden=move || error.with(Option::is_none)>{icon("warn")}<span>{move || error.get()}</span></p>
            {groups}
            <p class="help">"A key can do no more than you can, and loses what you lose."</p>
        </fieldset>
    }
}

fn tick(scope: Scope, words: &'static str, chosen: RwSignal<Vec<Scope>>) -> AnyView {
    let value = scope.to_string();
    let id = format!("scope-{}", value.replace(':', "-"));
    view! {
        <label class="check">
            <input type="checkbox" id=id name="draft[scopes][]" value=value prop:checked=move || chosen.with(|all| all.contains(&scope))
                on:change=move |event| {
                    let on = event_target_checked(&event);
                    chosen.update(|all| {
                        all.retain(|other| *other != scope);
                        if on {
                            all.push(scope);
                        }
                    });
                }/>
            <span>{words}</span>
        </label>
    }
    .into_any()
}

/// The one time the secret can be seen: it takes the focus, wherever the form was left.
pub fn secret(create: Sending<CreateKey>) -> AnyView {
    let made = Memo::new(move |_| create.answer());
    Effect::new(move |_| {
        if made.with(Option::is_some) {
            request_animation_frame(|| {
                browser::focus("#fresh-key");
            });
        }
    });
    // Made, but of another version than this page can read.
    let unread = move || {
        (create.done() > 0 && made.with(Option::is_none)).then(|| {
            let words = "The key was made, and its secret did not arrive. Revoke it below, reload this page, and create another.";
            error_banner(&Error::Conflict(words.to_owned()))
        })
    };
    let shown = move || {
        made.get().map(|new| {
            let name = format!("{} is ready", new.key.name);
            let secret = new.secret.clone();
            view! {
                <section class="secret" aria-labelledby="fresh-key">
                    <h2 id="fresh-key" tabindex="-1">{name}</h2>
                    <p class="s13">"Copy the key now. Only its fingerprint is kept here: nobody can show it again."</p>
                    <div class="cluster">
                        <code class="strip wrap">{new.secret}</code>
                        <Copy text=Signal::stored(secret) label="Copy key"/>
                    </div>
                </section>
            }
        })
    };
    view! { {unread} {shown} }.into_any()
}
