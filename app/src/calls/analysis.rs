//! Analysis on a call's page: the verdict with a reason for each criterion, what was read from the call, its mood and its summary.

use leptos::{prelude::*, task::spawn_local};
use serde_json::Value;
use switchboard::{
    analysis::{AnalysesStarted, AnalysisState, AnalyzeCalls, CallAnalysis, CriterionResult, FieldValue, Met, Verdict},
    calls::{Call, Conversation},
    resource::{Action, Kind},
    text::counted,
    viewer::WritingHelp,
};

use super::{analyze_calls, follow::Follow};
use crate::{
    kit::{
        StatusDot, Toast, When, aria_bool, bare_dot, dynamic, icon, reactive_bool, reactive_text, status_dot,
        use_toasts,
    },
    may, org, viewer,
};

/// Whether somebody may have calls analyzed, and there is a language model for it.
pub fn may_analyze() -> bool {
    may(Action::Update, Kind::Call) && viewer().installation.writing != WritingHelp::None
}

pub fn verdict_badge(verdict: Verdict) -> AnyView {
    let class = match verdict {
        Verdict::Success => "badge ok",
        Verdict::Partly => "badge warn",
        Verdict::Failure => "badge bad",
        Verdict::Unknown => "badge",
    };
    view! { <span class=class>{verdict.label()}</span> }.into_any()
}

/// What is said once calls are being analyzed again.
pub fn told(answer: AnalysesStarted) -> Toast {
    let why = "A call is skipped where it is not over, nothing was said, or its agent asks for nothing after a call.";
    match answer {
        AnalysesStarted { started: 0, skipped: _ } => Toast::done("There is nothing to analyze").detail(why),
        AnalysesStarted { started, skipped: 0 } => Toast::done(analyzed(started)),
        AnalysesStarted { started, skipped } => {
            Toast::done(analyzed(started)).detail(format!("{} skipped. {why}", counted(skipped, "call")))
        }
    }
}

fn analyzed(started: i64) -> String {
    match started {
        1 => "The call is being analyzed".to_owned(),
        many => format!("{} are being analyzed", counted(many, "call")),
    }
}

pub fn analysis(call: Memo<Call>, found: Memo<Option<CallAnalysis>>, follow: Follow<Conversation>) -> AnyView {
    let is_shown = Memo::new(move |_| {
        found.with(Option::is_some)
            || call.with(|call| !call.summary.is_empty() || (call.status.is_over() && call.joined_at.is_some()))
    });
    let (mine, toasts, asking) = (StoredValue::new(org()), use_toasts(), RwSignal::new(false));
    let id = call.with_untracked(|call| call.id);
    let waits = Memo::new(move |_| {
        found.with(|found| {
            found
                .as_ref()
                .is_some_and(|found| found.state == AnalysisState::Waiting)
        })
    });
    let again = move |_| {
        if asking.get_untracked() || waits.get_untracked() {
            return;
        }
        asking.set(true);
        spawn_local(async move {
            let answer = analyze_calls(mine.get_value(), AnalyzeCalls { ids: vec![id] }).await;
            asking.try_set(false);
            toasts.say(match answer {
                Ok(answer) => told(answer),
                Err(error) => Toast::failed("The call is not analyzed", &error),
            });
            follow.now();
        });
    };
    let title = move || {
        if found.with(Option::is_some) {
            "Analysis"
        } else {
            "Summary"
        }
        .to_owned()
    };
    let words = move || {
        if found.with(Option::is_some) {
            "Run again"
        } else {
            "Analyze"
        }
        .to_owned()
    };
    let may_ask = may_analyze();
    let card = move || {
        let button = may_ask.then(|| {
            view! {
                <button type="button" class="btn quiet sm push" hidden=reactive_bool(move || !call.with(|call| call.status.is_over()))
                    aria-busy=aria_bool(move || asking.get() || waits.get()) on:click=again>{icon("refresh")}{reactive_text(words)}</button>
            }
        });
        view! {
            <section class="card analysis">
                <header><h2>{reactive_text(title)}</h2>{button}</header>
                <div class="body stack s3">{dynamic(move || body(call.with(|call| call.summary.clone()), found.get()))}</div>
            </section>
        }
    };
    (move || is_shown.get().then(card)).into_any()
}

fn body(written: String, found: Option<CallAnalysis>) -> AnyView {
    let Some(found) = found else {
        return match written.as_str() {
            "" => view! { <p class="small muted">"Nothing is written about this call yet."</p> }.into_any(),
            _ => view! { <p>{written}</p> }.into_any(),
        };
    };
    let state = match found.state {
        AnalysisState::Done => ().into_any(),
        AnalysisState::Waiting => {
            let why = (!found.note.is_empty()).then(|| format!(" It did not work yet, and is tried again. {}", found.note));
            view! { <p class="small" role="status">{status_dot(StatusDot::Work, "Being analyzed")}<span class="muted">{why}</span></p> }.into_any()
        }
        AnalysisState::Failed => {
            view! { <p class="small" role="status">{status_dot(StatusDot::Fail, "Not analyzed")}" "<span>{found.note.clone()}</span></p> }.into_any()
        }
    };
    let summary = if found.summary.is_empty() {
        written
    } else {
        found.summary.clone()
    };
    let summary = (!summary.is_empty()).then(|| view! { <p>{summary}</p> });
    let criteria = (!found.criteria.is_empty()).then(|| {
        let each = found.criteria.iter().map(criterion).collect_view();
        view! { <div>{each}</div> }
    });
    let mood = found
        .sentiment
        .map(|mood| view! { <dt>"Mood"</dt><dd>{mood.label()}</dd> });
    let values = (!found.fields.is_empty() || mood.is_some()).then(|| {
        let each = found.fields.iter().map(field).collect_view();
        view! { <dl class="kv">{each}{mood}</dl> }
    });
    let shortened = found
        .shortened
        .then_some("The transcript is very long: its beginning and its end were read. ");
    let by = found.analyzed_at.map(|at| {
        let version = match found.agent_version {
            Some(number) => format!("as version {number} of the agent asks, "),
            None => "as the draft asked, ".to_owned(),
        };
        view! { <p class="small muted">{shortened}"By "{found.model.clone()}", "{version}<When at=at/></p> }
    });
    view! { {state}{summary}{criteria}{values}{by} }.into_any()
}

fn criterion(criterion: &CriterionResult) -> AnyView {
    let dot = match criterion.met {
        Met::Yes => StatusDot::Done,
        Met::Partly => StatusDot::Warn,
        Met::No => StatusDot::Fail,
        Met::Unknown => StatusDot::Off,
    };
    view! {
        <div class="verdict">
            {bare_dot(dot, criterion.met.label())}
            <span><b>{criterion.name.clone()}</b></span>
            <p>{criterion.reason.clone()}</p>
        </div>
    }
    .into_any()
}

fn field(field: &FieldValue) -> AnyView {
    let value = match &field.value {
        Value::Null if field.not_understood.is_empty() => {
            view! { <span class="muted">"Not mentioned"</span> }.into_any()
        }
        Value::Null => {
            let words = format!("Not understood: “{}”", field.not_understood);
            view! { <span class="muted">{words}</span> }.into_any()
        }
        Value::Bool(true) => "Yes".into_any(),
        Value::Bool(false) => "No".into_any(),
        Value::String(text) => text.clone().into_any(),
        other => other.to_string().into_any(),
    };
    view! { <dt>{field.name.clone()}</dt><dd>{value}</dd> }.into_any()
}
