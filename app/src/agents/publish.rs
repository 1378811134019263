//! Publishing: what callers will notice, what was looked at before, and a note for later.

use leptos::{prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};
use switchboard::agents::{Agent, AgentVersion, Finding, Level, Publication, differences};

use super::{
    check_agent,
    difference::{self, ToolNames},
    get_agent_version, publish_agent,
};
use crate::{
    AppError,
    kit::{
        Loading, StatusDot, TextArea, aria_bool, browser, field_id, focus_first_error, form_state, loaded,
        skeleton_rows, status_dot,
    },
    org,
};

/// What the dialog "Publish" is about, and what it does with the answer.
#[derive(Clone)]
pub struct PublishForm {
    /// As it is saved.
    pub agent: Agent,
    pub tools: ToolNames,
    pub close: Callback<()>,
    pub published: Callback<Agent>,
}

/// What is looked at before one publishes.
#[derive(Clone, Serialize, Deserialize)]
struct Before {
    live: AgentVersion,
    findings: Vec<Finding>,
}

/// The form itself.
pub fn publish_form(form: PublishForm) -> AnyView {
    let mine = org();
    let (id, live) = (form.agent.id, form.agent.live_version);
    let before = Loading::new(
        || (),
        move |()| {
            let org = mine.clone();
            async move {
                Ok(Before {
                    live: get_agent_version(org.clone(), id, live).await?,
                    findings: check_agent(org, id).await?,
                })
            }
        },
    );
    loaded(before, "checks", skeleton_rows, move |before| {
        reviewed(form.clone(), before)
    })
}

fn reviewed(form: PublishForm, Before { live, findings }: Before) -> AnyView {
    let PublishForm {
        agent,
        tools,
        close,
        published,
    } = form;
    let (note, pending) = (RwSignal::new(String::new()), RwSignal::new(false));
    let failure = RwSignal::new(None::<AppError>);
    let state = form_state(failure.into(), pending.into());
    let found = differences(&live.draft, &agent.draft);
    let blocking = findings.iter().filter(|finding| finding.level == Level::Blocks).count();
    let reason = match (blocking, found.is_empty()) {
        (1, _) => "One thing has to be mended first.",
        (2.., _) => "Some things have to be mended first.",
        (0, true) => "Callers would notice no difference.",
        (0, false) => "",
    };
    let next = agent.live_version + 1;
    let changes = if found.is_empty() {
        view! { <p class="muted">"What is saved is what callers hear already."</p> }.into_any()
    } else {
        let sides = (format!("Live, version {}", live.number), "Draft".to_owned());
        difference::differences(found, &tools, sides)
    };
    let (org, id, revision) = (org(), agent.id, agent.revision);
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() || !reason.is_empty() {
            return;
        }
        failure.set(None);
        pending.set(true);
        let org = org.clone();
        spawn_local(async move {
            let publication = Publication {
                note: note.get_untracked(),
            };
            let answer = publish_agent(org, id, publication, revision).await;
            pending.try_set(false);
            match answer {
                // Whoever left meanwhile has published all the same.
                Ok(agent) => drop(published.try_run(agent)),
                Err(error) => {
                    failure.try_set(Some(error));
                    focus_first_error();
                }
            }
        });
    };
    view! {
        <form method="post" on:submit=send novalidate>
            <div class="d-body stack s4">
                {state.notice()}
                <section class="stack s2" aria-labelledby="publish-changes">
                    <h3 id="publish-changes">"What callers will notice"</h3>
                    {changes}
                </section>
                <section class="stack s2" aria-labelledby="publish-checks">
                    <h3 id="publish-checks">"Before it goes live"</h3>
                    <ul class="checks">{findings.into_iter().map(|finding| line(finding, close)).collect_view()}</ul>
                </section>
                <TextArea path="note" label="What is new" optional=true rows=2 value=note on_input=Callback::new(move |words| note.set(words))
                    placeholder="Offers two times, mornings first" help="For whoever looks through the versions later."/>
            </div>
            <div class="d-foot">
                <span id="publish-reason" class="small muted grow">{reason}</span>
                <button type="button" class="btn quiet" on:click=move |_| close.run(())>"Not now"</button>
                <button type="submit" class="btn primary" aria-describedby="publish-reason" aria-disabled=aria_bool(move || !reason.is_empty()) aria-busy=aria_bool(move || state.pending())>
                    {format!("Publish version {next}")}
                </button>
            </div>
        </form>
    }
    .into_any()
}

/// One thing that was looked at; what is in the way leads to the field that mends it.
fn line(finding: Finding, close: Callback<()>) -> AnyView {
    let (dot, word) = match finding.level {
        Level::Blocks => (StatusDot::Fail, "Blocks"),
        Level::Warns => (StatusDot::Warn, "Look at this"),
        Level::Passes => (StatusDot::Done, "Passed"),
    };
    let field = finding.field;
    let mend = (!field.is_empty()).then(|| {
        let to = field_id(&field);
        let href = format!("#{to}");
        view! {
            " "
            <a href=href on:click=move |event| {
                event.prevent_default();
                close.run(());
                reveal(&to);
            }>"Go to the field"</a>
        }
    });
    view! { <li>{status_dot(dot, word)}<span>{finding.words}{mend}</span></li> }.into_any()
}

/// Opens the section a field is in, and puts the cursor there once the dialog is gone.
fn reveal(id: &str) {
    let element = browser::element(id);
    if let Some(fold) = element.and_then(|element| element.closest("details").ok().flatten()) {
        let _ = fold.set_attribute("open", "");
    }
    let selector = format!("#{id}");
    request_animation_frame(move || {
        browser::focus(&selector);
    });
}
