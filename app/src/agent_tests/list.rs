//! The tests of an agent: how each went last, and what to do with it.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_params_map;
use switchboard::{
    Error, Id,
    agent_tests::{AgentTest, RunState},
    agents::{Agent, TEMPLATES},
    org::OrgId,
    resource::{Action, Kind},
    text::counted,
    viewer::WritingHelp,
};
use uuid::Uuid;

use super::{
    add_template_tests, delete_agent_test,
    form::{TestForm, test_form},
    list_agent_tests,
    result::{result, state_badge},
    run_agent_tests,
};
use crate::{
    AppError,
    agents::get_agent,
    kit::{
        Illustration, Loading, PageHead, Question, Select, StatusDot, Toast, empty, icon, loaded, skeleton_rows,
        status_dot, use_confirm, use_live, use_toasts,
    },
    may, org, viewer,
};

type Opened = (Agent, Vec<AgentTest>);

async fn open(org: OrgId, id: Option<Id<Agent>>) -> Result<Opened, AppError> {
    let id = id.ok_or(AppError(Error::NotFound))?;
    let agent = get_agent(org.clone(), id).await?;
    Ok((agent, list_agent_tests(org, id).await?))
}

/// What the buttons of the page need.
#[derive(Clone, Copy)]
struct Page {
    org: StoredValue<OrgId>,
    agent: Id<Agent>,
    opened: Loading<Opened>,
    form: TestForm,
    /// May change and run them.
    writes: bool,
    /// There is somebody to speak.
    speaks: bool,
}

#[component]
pub fn AgentTests() -> impl IntoView {
    let params = use_params_map();
    let (here, live) = (StoredValue::new(org()), use_live(Kind::Agent));
    let id = Memo::new(move |_| params.with(|params| params.get_str("id").and_then(|id| id.parse::<Id<Agent>>().ok())));
    let opened = Loading::new(
        move || (id.get(), live.get()),
        move |(id, _)| open(here.get_value(), id),
    );
    let form = TestForm::default();
    // Kept while the page follows what happens.
    let chosen = RwSignal::new(None::<Uuid>);
    let inside = loaded(opened, "tests", skeleton_rows, move |(agent, tests)| {
        let page = Page {
            org: here,
            agent: agent.id,
            opened,
            form,
            writes: may(Action::Update, Kind::Agent),
            speaks: viewer().installation.writing != WritingHelp::None,
        };
        content(page, &agent, tests, chosen)
    });
    let saved = Callback::new(move |test: AgentTest| {
        chosen.set(Some(test.id));
        opened.refetch();
    });
    view! { {inside}{test_form(form, here, id, saved)} }
}

fn content(page: Page, agent: &Agent, tests: Vec<AgentTest>, chosen: RwSignal<Option<Uuid>>) -> AnyView {
    let (href, crumb) = (format!("/agents/{}", agent.id), agent.draft.name.clone());
    let way = move || {
        view! {
            <nav class="crumb-nav" aria-label="Breadcrumb">
                <ol class="crumbs"><li><a href="/agents">"Agents"</a></li><li><a href=href.clone()>{crumb.clone()}</a></li></ol>
            </nav>
        }
        .into_any()
    };
    let (passed, count) = (tests.iter().filter(|test| test.passes()).count(), tests.len());
    let sub = match (count, passed) {
        (0, _) => "What the draft is tried with before it answers the phone. Nobody is called.".to_owned(),
        (count, passed) if passed == count => format!("The draft passes {}.", counted(count as i64, "test")),
        (count, passed) => format!("The draft passes {passed} of {}.", counted(count as i64, "test")),
    };
    let actions = move || {
        page.writes
            .then(|| {
                let all = (count > 0 && page.speaks).then(|| {
                    view! { <button type="button" class="btn" on:click=move |_| run(page, None)>{icon("play")}"Run all"</button> }
                });
                view! {
                    {all}
                    <button type="button" class="btn primary" on:click=move |_| page.form.show_new()>{icon("plus")}"New test"</button>
                }
            })
            .into_any()
    };
    let silent = (!page.speaks).then(|| {
        view! {
            <p class="s13">
                {status_dot(StatusDot::Warn, "No language model is configured, so tests cannot be run.")}
                <span class="muted">" An operator sets LLM_URL, LLM_KEY and LLM_MODEL."</span>
            </p>
        }
    });
    let gate = if agent.draft.publish_needs_tests {
        "Publishing waits until the draft passes all of them."
    } else {
        "Publishing does not wait for them."
    };
    let gate = view! {
        <p class="s13 muted">{gate}" "<a href=format!("/agents/{}#publish-tests", agent.id)>"Change that in the agent"</a></p>
    };
    let body = if tests.is_empty() {
        let text = "Each test is a caller with something to say, and what has to happen for the call to be a success. A language model plays both sides.";
        view! { <div class="card">{empty(Illustration::Empty, "No tests yet", text, begin(page))}</div> }.into_any()
    } else {
        let rows = tests.into_iter().map(|test| line(page, test, chosen)).collect_view();
        view! { <div class="stack s2">{rows}</div>{gate} }.into_any()
    };
    view! {
        <PageHead title="Tests" crumbs=way sub=move || sub.clone() actions=actions/>
        <div class="stack">{silent}{body}</div>
    }
    .into_any()
}

/// The tests of a template, to begin with.
fn begin(page: Page) -> AnyView {
    if !page.writes {
        return ().into_any();
    }
    let template = RwSignal::new(TEMPLATES[0].id.to_owned());
    let options = TEMPLATES.map(|one| (one.id.to_owned(), one.name.to_owned())).to_vec();
    let toasts = use_toasts();
    let add = move |_| {
        spawn_local(async move {
            match add_template_tests(page.org.get_value(), page.agent, template.get_untracked()).await {
                Ok(_) => page.opened.refetch(),
                Err(error) => toasts.say(Toast::failed("No test was added", &error)),
            }
        });
    };
    view! {
        <div class="cluster">
            <Select path="template" label="Template" options=options value=template on_change=Callback::new(move |id| template.set(id))/>
            <button type="button" class="btn" on:click=add>"Add its tests"</button>
        </div>
    }
    .into_any()
}

fn run(page: Page, only: Option<Uuid>) {
    let toasts = use_toasts();
    spawn_local(async move {
        match run_agent_tests(page.org.get_value(), page.agent, only).await {
            Ok(_) => page.opened.refetch(),
            Err(error) => toasts.say(Toast::failed("The tests were not run", &error)),
        }
    });
}

/// One test; open it says what was said.
fn line(page: Page, test: AgentTest, chosen: RwSignal<Option<Uuid>>) -> AnyView {
    let (id, name) = (test.id, test.draft.name.clone());
    let is_open = chosen.get_untracked() == Some(id)
        || test.last_run.as_ref().is_some_and(|run| {
            chosen.get_untracked().is_none() && test.is_current && run.state == RunState::Failed
        });
    let badge = state_badge(&test);
    let sum = match test.draft.criteria.as_slice() {
        [only] => only.name.clone(),
        many => format!("{} criteria", many.len()),
    };
    let buttons = page.writes.then(|| {
        let (edit, gone) = (test.clone(), name.clone());
        let (confirm, toasts) = (use_confirm(), use_toasts());
        let delete = move |_| {
            let (said, here) = (gone.clone(), page.org.get_value());
            let remove = move || {
                let (said, here) = (said.clone(), here.clone());
                async move {
                    delete_agent_test(here, page.agent, id).await?;
                    page.opened.refetch();
                    toasts.say(Toast::done(format!("{said} has been deleted")));
                    Ok(())
                }
            };
            confirm.ask(Question::new(
                format!("Delete {gone}?"),
                "The test and all of its runs are gone.",
                "Delete test",
                remove,
            ));
        };
        let runs = page.speaks.then(|| {
            let label = format!("Run {name}");
            view! { <button type="button" class="btn sm" aria-label=label on:click=move |_| { chosen.set(Some(id)); run(page, Some(id)); }>{icon("play")}"Run"</button> }
        });
        let (edits, deletes) = (format!("Edit {name}"), format!("Delete {name}"));
        view! {
            <div class="cluster">
                {runs}
                <button type="button" class="btn sm" aria-label=edits on:click=move |_| page.form.show(&edit)>{icon("edit")}"Edit…"</button>
                <button type="button" class="btn quiet sm push" aria-label=deletes on:click=delete>{icon("trash")}"Delete…"</button>
            </div>
        }
    });
    let toggled = move |event: web_sys::Event| {
        let open = event_target::<web_sys::HtmlDetailsElement>(&event).open();
        if open {
            chosen.set(Some(id));
        }
    };
    view! {
        <details class="fold group test" open=is_open on:toggle=toggled>
            <summary>{badge}<h2>{name.clone()}</h2><span class="sum">{sum}</span>{icon("down")}</summary>
            <div class="body stack s3">
                <section aria-label=format!("Caller of {name}")><h3>"The caller"</h3><p class="pre">{test.draft.caller.clone()}</p></section>
                {result(&test)}
                {buttons}
            </div>
        </details>
    }
    .into_any()
}
