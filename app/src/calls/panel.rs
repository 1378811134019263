//! The test panel: talk to the agent beside its settings, in writing here or on a phone.

use leptos::{prelude::*, task::spawn_local};
use switchboard::{
    Id,
    agents::Agent,
    calls::{Call, CallDraft, Conversation, Destination, Medium, Status},
    resource::{Action, Kind},
};

use super::{
    elapsed::Elapsed,
    follow::{Follow, follow},
    format::{delay, dot_of},
    get_conversation,
    place::{Attempts, PlaceForm, Preset, check},
    place_call, say, stop_call,
    transcript::tool_dot,
    turns::{Side, ToolUse, Turn, turns},
    values::{Values, starting, value_fields},
};
use crate::{
    AppError,
    kit::{
        StatusDot, Toast, browser, error_banner, focus_first_error, form_state, icon, keyed_list, prefixed,
        reactive_text, status_dot, use_toasts,
    },
    may, org,
};

/// Keeps the fields of this panel apart from those of a dialog on the same page.
const PREFIX: &str = "test.";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Text,
    Phone,
}

/// What the panel knows of the test that runs or ran last.
#[derive(Clone, Copy)]
struct Test {
    agent: Signal<Agent>,
    values: RwSignal<Values>,
    call: RwSignal<Option<Id<Call>>>,
    failure: RwSignal<Option<AppError>>,
    pending: RwSignal<bool>,
    attempts: Attempts,
}

/// `agent` as it is saved: that is the one who answers.
#[component]
pub fn TestPanel(#[prop(into)] agent: Signal<Agent>) -> impl IntoView {
    let way = RwSignal::new(Way::Text);
    let test = Test {
        agent,
        values: RwSignal::new(Values::new()),
        call: RwSignal::new(None),
        failure: RwSignal::new(None),
        pending: RwSignal::new(false),
        attempts: Attempts::default(),
    };
    let tab = move |this: Way, words: &'static str| {
        view! {
            <button type="button" class="btn sm" aria-pressed=move || (way.get() == this).to_string() on:click=move |_| {
                test.call.set(None);
                way.set(this);
            }>{words}</button>
        }
    };
    let allowed = may(Action::Create, Kind::Call);
    let body = move || match (test.call.get(), way.get()) {
        _ if !allowed => {
            view! { <p class="quiet-note">"Your role cannot place calls, so it cannot test agents either."</p> }
                .into_any()
        }
        (Some(id), _) => keyed_list(move || vec![id], |id| id.to_string(), move |id| conversation(test, id)),
        (None, Way::Text) => untrack(|| start(test)),
        (None, Way::Phone) => untrack(|| phone(test)),
    };
    view! {
        <section class="testpanel card" aria-label="Test this agent">
            <header>
                <h2>"Test"</h2>
                <span class="push btn-group" role="group" aria-label="Way to test">{tab(Way::Text, "Text")}{tab(Way::Phone, "Phone")}</span>
            </header>
            {body}
        </section>
    }
}

impl Test {
    fn place(self, to: Destination) {
        if self.pending.get_untracked() {
            return;
        }
        let draft = self.agent.with_untracked(|agent| CallDraft {
            variables: self.values.get_untracked(),
            draft: agent.unpublished,
            ..CallDraft::new(agent.id, to)
        });
        let wrong = self
            .agent
            .with_untracked(|agent| check(&draft, &agent.draft.variables))
            .err();
        if let Some(wrong) = wrong {
            self.failure.set(Some(prefixed(wrong, PREFIX)));
            return focus_first_error();
        }
        self.failure.set(None);
        self.pending.set(true);
        let org = org();
        spawn_local(async move {
            let attempt = self.attempts.name(&draft);
            let answer = place_call(org, draft, Some(attempt)).await;
            self.pending.try_set(false);
            match answer {
                Ok(call) => {
                    self.attempts.done();
                    self.call.try_set(Some(call.id));
                }
                Err(error) => {
                    self.failure.try_set(Some(prefixed(error.0, PREFIX)));
                    focus_first_error();
                }
            }
        });
    }
}

/// Before a written test: what the agent is told, and the button.
fn start(test: Test) -> AnyView {
    let form = form_state(test.failure.into(), test.pending.into());
    let declared = Memo::new(move |_| test.agent.with(|agent| agent.draft.variables.clone()));
    let fields = move || {
        declared.with(|declared| {
            test.values.update_untracked(|values| {
                values.retain(|name, _| declared.iter().any(|variable| variable.name == *name));
                starting(declared, values);
            });
            value_fields(declared, test.values, PREFIX)
        })
    };
    view! {
        <form method="post" class="body stack s3" novalidate on:submit=move |event| {
            event.prevent_default();
            test.place(Destination::Text {});
        }>
            {form.notice()}
            <p class="small muted">{reactive_text(move || format!("{} Nothing rings; words cost the same as on the phone.", answers(test)))}</p>
            {fields}
            <div>
                <button type="submit" class="btn primary" aria-busy=move || test.pending.get().to_string()>{icon("play")}"Start"</button>
            </div>
        </form>
    }
    .into_any()
}

/// Who answers in a test.
fn answers(test: Test) -> String {
    test.agent.with(|agent| {
        if agent.unpublished {
            "The draft answers, as it is saved. Callers hear it once it is published.".to_owned()
        } else {
            format!("Version {} answers, as it answers the phone.", agent.live_version)
        }
    })
}

fn phone(test: Test) -> AnyView {
    let form = PlaceForm {
        start: Preset {
            agent: Some(test.agent.with_untracked(|agent| agent.id)),
            values: test.values.get_untracked(),
            ..Preset::default()
        },
        prefix: PREFIX,
        placed: Callback::new(move |call: Call| test.call.set(Some(call.id))),
        takes_focus: false,
        of_draft: Signal::derive(move || test.agent.with(|agent| agent.unpublished)),
        revision: Signal::derive(move || test.agent.with(|agent| agent.revision)),
    };
    view! {
        <div class="phone-test">
            <p class="body small muted">{reactive_text(move || answers(test))}</p>
            {PlaceForm::part().show(form)}
        </div>
    }
    .into_any()
}

/// A test under way: what is said, live, and a line to say something.
fn conversation(test: Test, id: Id<Call>) -> AnyView {
    let mine = org();
    let talk = RwSignal::new(None::<Conversation>);
    let failure = RwSignal::new(None::<AppError>);
    let follow = follow(
        true,
        move || get_conversation(mine.clone(), id),
        move |answer| match answer {
            Ok(conversation) => drop(talk.try_set(Some(conversation))),
            Err(error) => drop(failure.try_set(Some(error))),
        },
    );
    Effect::new(move |_| follow.now());
    let status = Memo::new(move |_| talk.with(|talk| talk.as_ref().map_or(Status::Queued, |talk| talk.call.status)));
    let turns: Memo<Vec<Turn>> =
        Memo::new(move |_| talk.with(|talk| talk.as_ref().map(|talk| turns(&talk.messages)).unwrap_or_default()));
    let medium = Memo::new(move |_| talk.with(|talk| talk.as_ref().map(|talk| talk.call.medium)));
    // Said here, and not yet seen in the transcript.
    let sent = RwSignal::new(Vec::<String>::new());
    let on_the_way = Memo::new(move |_| {
        let heard = turns.with(|turns| turns.iter().filter(|turn| turn.by == Side::Person).count());
        sent.with(|sent| sent.iter().skip(heard).cloned().collect::<Vec<_>>())
    });
    let thinking = move || {
        let asked = on_the_way.with(|waiting| !waiting.is_empty())
            || turns.with(|turns| turns.last().is_some_and(|turn| turn.by == Side::Person));
        (asked && status.get() == Status::InProgress && medium.get() == Some(Medium::Text)).then(|| {
            view! { <li class="thinking">{status_dot(StatusDot::Work, "Answering")}</li> }
        })
    };
    let waiting = move || {
        on_the_way
            .get()
            .into_iter()
            .map(|text| view! { <li data-by="you" class="unheard">{text}</li> })
            .collect_view()
    };
    let seqs = move || turns.with(|turns| turns.iter().map(|turn| turn.seq).collect::<Vec<_>>());
    let log = NodeRef::<leptos::html::Ol>::new();
    keep_at_end(log, move || {
        turns.track();
        on_the_way.track();
    });
    let composer = move || {
        (medium.get() == Some(Medium::Text) && !status.get().is_over())
            .then(|| composer(id, status, sent, failure, follow))
    };
    view! {
        <div class="body stack s3">
            {state_line(id, talk, status)}
            {move || failure.get().map(|error| error_banner(&error.0))}
            <ol class="says" aria-label="Conversation" aria-live="polite" node_ref=log tabindex="0">
                {keyed_list(seqs, |seq| seq.to_string(), move |seq| bubble(turns, seq))}
                {waiting}
                {thinking}
            </ol>
            {composer}
            {move || over(test, talk, status)}
        </div>
        <footer>
            <a href=format!("/calls/{id}")>"Open its call page"</a>
            {move || status.get().is_live().then(|| view! { <span class="push">{end(id, medium, follow)}</span> })}
        </footer>
    }
    .into_any()
}

fn state_line(id: Id<Call>, talk: RwSignal<Option<Conversation>>, status: Memo<Status>) -> AnyView {
    let joined = Memo::new(move |_| talk.with(|talk| talk.as_ref().and_then(|talk| talk.call.joined_at)));
    let elapsed = move || {
        joined
            .get()
            .filter(|_| status.get().is_live())
            .map(|since| view! { <Elapsed since=since/> })
    };
    view! { <p class="cluster small" id=format!("test-{id}")>{move || status_dot(dot_of(status.get()), status.get().label())}{elapsed}</p> }.into_any()
}

fn bubble(turns: Memo<Vec<Turn>>, seq: i32) -> AnyView {
    let turn = Memo::new(move |before: Option<&Option<Turn>>| {
        turns
            .with(|turns| turns.iter().find(|turn| turn.seq == seq).cloned())
            .or_else(|| before.cloned().flatten())
    });
    let by = turn.with_untracked(|turn| turn.as_ref().map_or(Side::Agent, |turn| turn.by));
    let text = move || turn.with(|turn| turn.as_ref().map(|turn| turn.text.clone()).unwrap_or_default());
    let pause = move || {
        turn.with(|turn| turn.as_ref().and_then(|turn| turn.delay_ms))
            .map(|ms| view! { <small>{delay(ms)}</small> })
    };
    let tools = move || {
        let tools = turn.with(|turn| turn.as_ref().map(|turn| turn.tools.clone()).unwrap_or_default());
        tools.into_iter().map(tool_use).collect_view()
    };
    let spoken = move || (!text().is_empty()).then(|| view! { <span>{text}{pause}</span> });
    view! {
        <li data-by=if by == Side::Agent { "agent" } else { "you" }>{spoken}{tools}</li>
    }
    .into_any()
}

fn tool_use(tool: ToolUse) -> AnyView {
    let state = tool_dot(&tool);
    let answered = tool.answered.map_or_else(|| "…".to_owned(), |answered| answered.text);
    let words = format!("{} → {answered}", tool.asked);
    view! { <span class="tool-use"><b class="mono">{tool.name}</b>{state}<code>{words}</code></span> }.into_any()
}

fn composer(
    id: Id<Call>,
    status: Memo<Status>,
    sent: RwSignal<Vec<String>>,
    failure: RwSignal<Option<AppError>>,
    follow: Follow<Conversation>,
) -> AnyView {
    let text = RwSignal::new(String::new());
    let mine = StoredValue::new(org());
    let ready = move || status.get() == Status::InProgress;
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let words = text.get_untracked().trim().to_owned();
        if words.is_empty() || status.get_untracked() != Status::InProgress {
            return;
        }
        failure.set(None);
        text.set(String::new());
        sent.update(|sent| sent.push(words.clone()));
        spawn_local(async move {
            if let Err(error) = say(mine.get_value(), id, words.clone()).await {
                // Not heard: back into the line, so that nobody types it twice.
                sent.try_update(|sent| sent.pop());
                text.try_set(words);
                failure.try_set(Some(error));
            }
            follow.now();
        });
    };
    let placeholder = move || if ready() { "Say as the caller" } else { "Connecting…" };
    view! {
        <form method="post" class="composer" on:submit=send>
            <input class="input" id="test-say" aria-label="Say as the caller" autocomplete="off" maxlength="4000" placeholder=placeholder
                prop:value=move || text.get() on:input=move |event| text.set(event_target_value(&event))/>
            <button type="submit" class="btn icon-only" aria-label="Send" title="Send" disabled=move || !ready()>{icon("right")}</button>
        </form>
    }
    .into_any()
}

fn end(id: Id<Call>, medium: Memo<Option<Medium>>, follow: Follow<Conversation>) -> AnyView {
    let busy = RwSignal::new(false);
    let toasts = use_toasts();
    let mine = StoredValue::new(org());
    let stop = move |_| {
        busy.set(true);
        spawn_local(async move {
            if let Err(error) = stop_call(mine.get_value(), id).await {
                toasts.say(Toast::failed("The conversation goes on", &error));
            }
            busy.try_set(false);
            follow.now();
        });
    };
    let words = move || {
        if medium.get() == Some(Medium::Phone) {
            "Hang up"
        } else {
            "End conversation"
        }
    };
    view! { <button type="button" class="btn sm danger" aria-busy=move || busy.get().to_string() on:click=stop>{icon("unplug")}{words}</button> }
        .into_any()
}

/// Afterwards: why, and once more.
fn over(test: Test, talk: RwSignal<Option<Conversation>>, status: Memo<Status>) -> Option<AnyView> {
    if !status.get().is_over() {
        return None;
    }
    let reason = talk.with(|talk| talk.as_ref().and_then(|talk| talk.call.end_reason))?;
    Some(
        view! {
            <div class="stack s2">
                <p class="small"><b>{reason.label()}". "</b><span class="muted">{reason.advice()}</span></p>
                <div><button type="button" class="btn" on:click=move |_| test.call.set(None)>{icon("refresh")}"Start again"</button></div>
            </div>
        }
        .into_any(),
    )
}

/// A conversation is read from its end.
fn keep_at_end(log: NodeRef<leptos::html::Ol>, changed: impl Fn() + 'static) {
    Effect::new(move |_| {
        changed();
        request_animation_frame(move || {
            if let Some(log) = log.try_get_untracked().flatten() {
                log.set_scroll_top(log.scroll_height());
            }
        });
    });
    // The line to write in is where the hands are next.
    Effect::new(move |_| {
        browser::after(50, || {
            browser::focus("#test-say");
        });
    });
}
