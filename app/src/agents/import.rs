//! Importing an agent: its export as a file or pasted, read by the server, and handed to the editor as a draft.

use leptos::{html, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use send_wrapper::SendWrapper;
use switchboard::{Error, agents::AgentDraft, org::OrgId, resource::Kind};
use wasm_bindgen_futures::JsFuture;

use super::read_agent_export;
use crate::{
    AppError,
    kit::{
        NEW, Question, TextArea, aria_bool,
        browser::{self, Keep},
        focus_first_error, form_state, icon, kept_key, use_confirm,
    },
    org,
};

/// What follows `from=` in the address of the editor that takes an import over.
pub const FROM: &str = "import";
/// More than any export has.
const LARGEST: u32 = 2 << 20;

fn key(org: &OrgId) -> String {
    format!("import:{org}")
}

/// What was imported in this tab and is to be edited now. Once.
pub fn take(org: &OrgId) -> Option<AgentDraft> {
    let key = key(org);
    let kept = browser::stored(Keep::Tab, &key)?;
    browser::forget(Keep::Tab, &key);
    switchboard::read::from_str(&kept).ok()
}

pub fn import() -> AnyView {
    let typed = RwSignal::new(String::new());
    let (pending, failure) = (RwSignal::new(false), RwSignal::new(None::<AppError>));
    let state = form_state(failure.into(), pending.into());
    let mine = StoredValue::new(org());
    let edit = into_editor();
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() {
            return;
        }
        failure.set(None);
        pending.set(true);
        spawn_local(async move {
            let read = read_agent_export(mine.get_value(), typed.get_untracked()).await;
            pending.try_set(false);
            match read {
                Ok(draft) => drop(edit.try_run(draft)),
                Err(error) => {
                    failure.try_set(Some(error));
                    focus_first_error();
                }
            }
        });
    };
    view! {
        <section class="card" aria-labelledby="import">
            <header><h2 id="import">"Import"</h2><span class="sub">"The JSON of a version, from here or from another installation"</span></header>
            <form method="post" novalidate class="body stack s3" on:submit=send>
                {state.notice()}
                {file(typed, failure)}
                <TextArea path="json" label="Exported agent" class="textarea mono" rows=4 value=typed on_input=Callback::new(move |text| typed.set(text))
                    help="Chosen as a file, or pasted. You look at it in the editor before anything is created."/>
                <div><button type="submit" class="btn" aria-busy=aria_bool(move || pending.get())>{icon("upload")}"Import"</button></div>
            </form>
        </section>
    }
    .into_any()
}

/// A file, which is read into the field below it.
fn file(typed: RwSignal<String>, failure: RwSignal<Option<AppError>>) -> AnyView {
    let input = NodeRef::<html::Input>::new();
    let chosen = move |_| {
        let file = input.get_untracked().and_then(|input| input.files()?.get(0));
        let Some(file) = file else { return };
        failure.set(None);
        if file.size() > f64::from(LARGEST) {
            failure.set(Some(AppError(Error::invalid(
                "json",
                "This file is too large for an agent.",
            ))));
            return;
        }
        let text = SendWrapper::new(file.text());
        spawn_local(async move {
            let text = JsFuture::from(text.take()).await.ok().and_then(|text| text.as_string());
            typed.try_set(text.unwrap_or_default());
        });
    };
    view! {
        <div class="field">
            <label for="import-file">"File"</label>
            <input type="file" id="import-file" class="input file" accept=".json,application/json" node_ref=input on:change=chosen/>
        </div>
    }
    .into_any()
}

/// Opens the editor with a draft. Asks first where this tab still keeps a new agent that was never saved.
fn into_editor() -> Callback<AgentDraft> {
    let (asking, navigate) = (use_confirm(), use_navigate());
    let mine = org();
    let go = Callback::new(move |draft: AgentDraft| {
        browser::forget(Keep::Tab, &kept_key(&mine, Kind::Agent, NEW));
        browser::store(
            Keep::Tab,
            &key(&mine),
            &serde_json::to_string(&draft).unwrap_or_default(),
        );
        navigate(&format!("/agents/new/draft?from={FROM}"), NavigateOptions::default());
    });
    let mine = org();
    Callback::new(move |draft: AgentDraft| {
        if browser::stored(Keep::Tab, &kept_key(&mine, Kind::Agent, NEW)).is_none() {
            go.run(draft);
            return;
        }
        asking.ask(
            Question::new(
                "Replace the agent you have not saved?",
                "This tab keeps a new agent that was never created. The import takes its place.",
                "Replace it",
                move || {
                    let draft = draft.clone();
                    async move {
                        let _ = go.try_run(draft);
                        Ok(())
                    }
                },
            )
            .keep("Keep it"),
        );
    })
}
