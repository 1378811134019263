//! Placing a call: a number, the agent's values, what it costs, and what is wrong with any of it.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_navigate;
use serde::{Deserialize, Serialize};
use switchboard::{
    Error, Id,
    agents::{Agent, AgentFilter, Variable},
    calls::{Call, CallDraft, Destination, STEP_S, check_variables, price},
    check::{Check, Checked},
    listing::Page,
    org::OrgId,
};

use super::{
    dials, place_call,
    values::{Values, starting, value_fields},
};
use crate::{
    AppError,
    agents::{get_agent, get_agent_version, list_agents},
    kit::{Dialog, Loading, Select, TextField, browser, focus_first_error, form_state, icon, loaded, prefixed},
    lazy::{LazyPart, part},
    org, viewer,
};

/// What a dialog begins with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preset {
    /// Fixed, where the page is about one agent.
    pub agent: Option<Id<Agent>>,
    /// The draft is to answer, not the live version.
    pub of_draft: bool,
    pub number: String,
    pub values: Values,
}

/// The dialog "Place a call". Opens the call's page once it is placed.
#[component]
pub fn PlaceCall(open: RwSignal<bool>, #[prop(into, optional)] preset: Signal<Preset>) -> impl IntoView {
    let navigate = use_navigate();
    let placed = Callback::new(move |call: Call| {
        open.set(false);
        navigate(
            &format!("/calls/{}", call.id),
            leptos_router::NavigateOptions::default(),
        );
    });
    let form = PlaceForm::part();
    form.look_ahead();
    let body = move || {
        form.show(PlaceForm {
            start: preset.get_untracked(),
            prefix: "",
            placed,
            takes_focus: true,
            of_draft: preset.with_untracked(|preset| preset.of_draft).into(),
            revision: 0.into(),
        })
    };
    view! {
        <Dialog id="place-call" open=open title=Signal::stored("Place a call".to_owned()) sub=cost_words()>
            {body()}
        </Dialog>
    }
}

/// The agents there are to choose from.
fn choices(chosen: RwSignal<Option<Id<Agent>>>) -> Loading<Names> {
    let mine = org();
    Loading::new(
        || (),
        move |()| {
            let org = mine.clone();
            async move {
                let names = names(org).await?;
                // Where there is no choice there is nothing to ask.
                if let [(only, _)] = names.as_slice() {
                    chosen.try_set(only.parse().ok());
                }
                Ok(names)
            }
        },
    )
}

pub type Names = Vec<(String, String)>;

/// Enough to choose from; more than this is found on the agents page, which has the same dialog.
pub async fn names(org: OrgId) -> Result<Names, AppError> {
    let page = Page {
        limit: Some(100),
        cursor: None,
    };
    let agents = list_agents(org, AgentFilter::default(), page).await?;
    Ok(agents
        .items
        .into_iter()
        .map(|agent| (agent.id.to_string(), agent.name))
        .collect())
}

fn cost_words() -> String {
    let minute = price(60_000);
    let said = format!("{minute} a minute from the moment it is answered, counted in steps of {STEP_S} s.");
    if viewer().installation.sandbox {
        format!("Simulated: no phone rings. Otherwise it would cost {said}")
    } else {
        format!("It costs {said}")
    }
}

/// The agents to choose from, and the one that is chosen.
type Choice = (Loading<Names>, RwSignal<Option<Id<Agent>>>);

/// What was asked for last, and the name of that attempt. Where no answer came, asking for the same again is no second call.
#[derive(Clone, Copy, Default)]
pub struct Attempts(StoredValue<Option<(CallDraft, String)>>);

impl Attempts {
    pub fn name(self, draft: &CallDraft) -> String {
        let before = self.0.try_get_value().flatten().filter(|(before, _)| before == draft);
        let attempt = before.map_or_else(browser::token, |(_, attempt)| attempt);
        self.0.try_set_value(Some((draft.clone(), attempt.clone())));
        attempt
    }

    /// It was answered: the next one is another, even where it asks for the same.
    pub fn done(self) {
        self.0.try_set_value(None);
    }
}

/// What of an agent a call needs to know.
#[derive(Clone, Serialize, Deserialize)]
struct Callee {
    id: Id<Agent>,
    variables: Vec<Variable>,
}

impl Callee {
    async fn find(org: OrgId, id: Id<Agent>, of_draft: bool) -> Result<Self, AppError> {
        let agent = get_agent(org.clone(), id).await?;
        let draft = if of_draft || !agent.unpublished {
            agent.draft
        } else {
            get_agent_version(org, id, agent.live_version).await?.draft
        };
        let variables = draft.variables;
        Ok(Self { id, variables })
    }
}

/// The form itself, for the dialog and the test panel alike.
#[derive(Clone)]
pub struct PlaceForm {
    pub start: Preset,
    /// Before the names of its fields, where another form of the page has such names.
    pub prefix: &'static str,
    pub placed: Callback<Call>,
    pub takes_focus: bool,
    /// Whether the draft is to answer, which a save or a publishing on the same page changes.
    pub of_draft: Signal<bool>,
    /// Rises with every save of the agent.
    pub revision: Signal<i64>,
}

impl PlaceForm {
    /// Few of those who open a page that has it place a call.
    pub fn part() -> LazyPart<Self> {
        part!(place, draw, PlaceForm)
    }
}

fn draw(form: PlaceForm) -> AnyView {
    let PlaceForm {
        start,
        prefix,
        placed,
        takes_focus,
        of_draft,
        revision,
    } = form;
    let chosen = RwSignal::new(start.agent);
    let agent_id = Memo::new(move |_| chosen.get());
    let choice = start.agent.is_none().then(|| (choices(chosen), chosen));
    let mine = org();
    let agent = Loading::new(
        move || (agent_id.get(), of_draft.get(), revision.get()),
        move |(id, of_draft, _)| {
            let org = mine.clone();
            async move {
                match id {
                    Some(id) => Callee::find(org, id, of_draft).await.map(Some),
                    None => Ok(None),
                }
            }
        },
    );
    if takes_focus {
        // A frame after the dialog has opened, which itself waits for one.
        request_animation_frame(|| {
            request_animation_frame(|| {
                browser::focus("#place-call select, #place-call input");
            })
        });
    }
    let number = RwSignal::new(start.number);
    let values = RwSignal::new(start.values);
    let failure = RwSignal::new(None::<AppError>);
    let pending = RwSignal::new(false);
    let attempts = Attempts::default();
    let form = form_state(failure.into(), pending.into());

    let fail = move |error: Error| {
        failure.try_set(Some(prefixed(error, prefix)));
        focus_first_error();
    };
    let org = org();
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() {
            return;
        }
        failure.set(None);
        pending.set(true);
        let org = org.clone();
        spawn_local(async move {
            let answer = async {
                // Whoever is quicker than the network has pressed the button all the same.
                let agent = calling_agent(agent_id, choice, agent).await?;
                values.update_untracked(|values| starting(&agent.variables, values));
                let number = number.get_untracked();
                let draft = CallDraft {
                    variables: values.get_untracked(),
                    draft: of_draft.get_untracked(),
                    ..CallDraft::new(agent.id, Destination::Phone { number })
                };
                check(&draft, &agent.variables)?;
                let attempt = attempts.name(&draft);
                place_call(org, draft, Some(attempt)).await
            };
            let answer = answer.await;
            pending.try_set(false);
            match answer {
                Ok(call) => {
                    attempts.done();
                    // Whoever left meanwhile has called all the same.
                    let _ = placed.try_run(call);
                }
                Err(error) => fail(error.0),
            }
        });
    };
    let who = choice.map(|(all, chosen)| who_calls(agent_id, all, chosen, prefix, failure));
    let fields = loaded(
        agent,
        "agent",
        || ().into_any(),
        move |agent| match agent {
            Some(agent) => {
                values.update_untracked(|values| starting(&agent.variables, values));
                value_fields(&agent.variables, values, prefix)
            }
            None => ().into_any(),
        },
    );
    view! {
        <form method="post" on:submit=send novalidate>
            <div class="d-body stack s3">
                {form.notice()}
                {who}
                <TextField path=format!("{prefix}to.number") label="Phone number" kind="tel" value=number
                    on_input=Callback::new(move |typed| number.set(typed)) placeholder="+1 415 555 0100" mono=true autocomplete="tel"
                    help="With its country code. Spaces, dots and brackets do not matter."/>
                {dials(number.into())}
                {fields}
                {sandbox_numbers(number)}
            </div>
            <div class="d-foot">
                <button type="submit" class="btn primary" aria-busy=move || pending.get().to_string()>{icon("call")}"Call now"</button>
            </div>
        </form>
    }
    .into_any()
}

/// The agent that calls, once it is known which one that is.
async fn calling_agent(
    chosen: Memo<Option<Id<Agent>>>,
    choice: Option<Choice>,
    agent: Loading<Option<Callee>>,
) -> Result<Callee, AppError> {
    if let Some((all, _)) = choice {
        all.answer().await?;
    }
    loop {
        let Some(id) = chosen.get_untracked() else {
            return Err(AppError(Error::invalid("agent_id", "Choose who calls.")));
        };
        match agent.answer().await? {
            Some(agent) if agent.id == id => return Ok(agent),
            // Chosen a moment ago: the one before is still there.
            _ => leptos::task::tick().await,
        }
    }
}

fn who_calls(
    agent_id: Memo<Option<Id<Agent>>>,
    all: Loading<Names>,
    chosen: RwSignal<Option<Id<Agent>>>,
    prefix: &'static str,
    failure: RwSignal<Option<AppError>>,
) -> AnyView {
    loaded(
        all,
        "agents",
        || ().into_any(),
        move |names| {
            if names.is_empty() {
                return view! { <p class="small muted">"There is no agent yet. "<a href="/agents/new">"Make one"</a>" and call with it."</p> }
                    .into_any();
            }
            let options = std::iter::once((String::new(), "Choose an agent".to_owned()))
                .chain(names)
                .collect::<Vec<_>>();
            let value = Signal::derive(move || agent_id.get().map(|id| id.to_string()).unwrap_or_default());
            view! {
                <Select path=format!("{prefix}agent_id") label="Agent" options=options value=value
                    on_change=Callback::new(move |id: String| {
                    failure.set(None);
                    chosen.set(id.parse().ok());
                })/>
            }
            .into_any()
        },
    )
}

/// Everything the server will check too, before it is asked.
pub fn check(draft: &CallDraft, declared: &[Variable]) -> Result<(), Error> {
    let mut check = Check::default();
    draft.check(&mut check);
    check_variables(declared, &draft.variables, &mut check);
    check.finish()
}

/// Numbers reserved for fiction, and what the simulation does with each.
const SIMULATED: [(&str, &str); 13] = [
    ("+1 415 555 0100", "Talks, then hangs up"),
    ("+1 415 555 0110", "Talks, then the agent hangs up"),
    ("+1 415 555 0120", "Does not answer"),
    ("+1 415 555 0121", "Is busy"),
    ("+1 415 555 0122", "Declines"),
    ("+1 415 555 0123", "Is not a working number"),
    ("+1 415 555 0124", "Cannot be reached"),
    ("+1 415 555 0130", "Is a voicemail box"),
    ("+1 415 555 0131", "Answers and says nothing"),
    ("+1 415 555 0132", "Hangs up at once"),
    ("+1 415 555 0140", "Talks until time is up"),
    ("+1 415 555 0150", "The line breaks"),
    ("+1 415 555 0151", "The provider fails"),
];

fn sandbox_numbers(number: RwSignal<String>) -> Option<AnyView> {
    let rows = || {
        SIMULATED
            .map(|(digits, does)| {
                view! {
                    <li>
                        <button type="button" class="linklike mono" on:click=move |_| number.set(digits.to_owned())>{digits}</button>
                        <span>{does}</span>
                    </li>
                }
            })
            .into_iter()
            .collect_view()
    };
    viewer().installation.sandbox.then(|| {
        view! {
            <details class="simulated">
                <summary>"Numbers to try"</summary>
                <ul>{rows()}</ul>
                <p class="help">"Any other number talks and hangs up."</p>
            </details>
        }
        .into_any()
    })
}
