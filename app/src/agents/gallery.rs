//! The gallery: templates to begin an agent from, each to be looked at whole before it is taken.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};
use switchboard::{
    agents::{AgentDraft, AgentTemplate, AgentTemplateRow, FirstSpeaker, language_name, placeholders},
    org::OrgId,
    resource::{Action, Kind},
};

use super::{get_agent_template, import::import, list_agent_templates};
use crate::{
    AppError,
    kit::{Loading, PageHead, crumbs, icon, loaded, skeleton_rows},
    may, org,
};

/// All of them, or the one that the address names.
#[derive(Clone, Serialize, Deserialize)]
enum Shown {
    All(Vec<AgentTemplateRow>),
    One(Box<AgentTemplate>),
}

async fn open(org: OrgId, id: Option<String>) -> Result<Shown, AppError> {
    match id {
        Some(id) => Ok(Shown::One(Box::new(get_agent_template(org, id).await?))),
        None => list_agent_templates(org).await.map(Shown::All),
    }
}

#[component]
pub fn AgentGallery() -> impl IntoView {
    let query = use_query_map();
    let org = org();
    let id = Memo::new(move |_| query.with(|query| query.get_str("template").map(str::to_owned)));
    let shown = Loading::new(move || id.get(), move |id| open(org.clone(), id));
    loaded(shown, "templates", skeleton_rows, |shown| match shown {
        Shown::All(rows) => all(rows),
        Shown::One(template) => one(*template),
    })
}

fn all(rows: Vec<AgentTemplateRow>) -> AnyView {
    let creates = may(Action::Create, Kind::Agent);
    let empty = move || {
        creates
            .then(|| view! { <a class="btn" href="/agents/new/draft">{icon("plus")}"Start empty"</a> })
            .into_any()
    };
    let (out, inward): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.calls_out);
    view! {
        <PageHead title="New agent" sub=|| "Start from a template, from nothing, or from the export of another agent.".into_any() actions=empty
            crumbs=|| crumbs(&[("Agents", "/agents")])/>
        {group("answers", "Answers calls", inward)}
        {group("places", "Calls people", out)}
        {creates.then(import)}
    }
    .into_any()
}

fn group(id: &'static str, title: &'static str, rows: Vec<AgentTemplateRow>) -> AnyView {
    let cards = rows.into_iter().map(card).collect_view();
    view! {
        <section class="stack s3" aria-labelledby=id>
            <h2 id=id>{title}</h2>
            <ul class="gallery">{cards}</ul>
        </section>
    }
    .into_any()
}

fn card(row: AgentTemplateRow) -> AnyView {
    let variables = row
        .variables
        .into_iter()
        .map(|name| view! { <li class="badge mono">{name}</li> })
        .collect_view();
    view! {
        <li class="card template">
            <h3><a href=format!("/agents/new?template={}", row.id)>{row.name}</a></h3>
            <p>{row.purpose}"."</p>
            <p class="small muted"><b>"Good for: "</b>{row.suits}"."</p>
            <ul class="cluster tight-gap" aria-label="What a call passes to it">{variables}</ul>
        </li>
    }
    .into_any()
}

fn one(template: AgentTemplate) -> AnyView {
    let AgentTemplate {
        id,
        name,
        purpose,
        suits,
        draft,
        ..
    } = template;
    let creates = may(Action::Create, Kind::Agent);
    let buttons = move || {
        let take = format!("/agents/new/draft?from={id}");
        view! {
            <a class="btn quiet" href="/agents/new">"All templates"</a>
            {creates.then(|| view! { <a class="btn primary" href=take>"Start from this"</a> })}
        }
        .into_any()
    };
    let sub = format!("{purpose}.");
    view! {
        <PageHead title=name sub=move || sub.clone().into_any() actions=buttons
            crumbs=|| crumbs(&[("Agents", "/agents"), ("New agent", "/agents/new")])/>
        <div class="split">
            <div class="stack">
                {greeting(&draft)}
                {prompt(&draft)}
            </div>
            <div class="stack">
                {passed(&draft)}
                {settings(&draft, suits)}
            </div>
        </div>
    }
    .into_any()
}

fn greeting(draft: &AgentDraft) -> AnyView {
    let when = match draft.first_speaker {
        FirstSpeaker::Agent => "It speaks first",
        FirstSpeaker::Person => "Said if nobody greets it",
    };
    view! {
        <section class="card" aria-labelledby="greeting">
            <header><h2 id="greeting">"First message"</h2><span class="sub">{when}</span></header>
            <div class="body"><blockquote class="statement">{marked(&draft.first_message)}</blockquote></div>
        </section>
    }
    .into_any()
}

fn prompt(draft: &AgentDraft) -> AnyView {
    view! {
        <section class="card" aria-labelledby="prompt">
            <header><h2 id="prompt">"System prompt"</h2></header>
            <div class="body"><p class="as-typed s13">{marked(&draft.prompt)}</p></div>
        </section>
    }
    .into_any()
}

/// A text with its placeholders told from its words.
fn marked(text: &str) -> AnyView {
    let mut parts = Vec::new();
    let mut from = 0;
    for placeholder in placeholders(text) {
        let end = text[placeholder.at..]
            .find("}}")
            .map_or(text.len(), |close| placeholder.at + close + 2);
        parts.push(text[from..placeholder.at].to_owned().into_any());
        parts.push(view! { <span class="badge mono">{placeholder.name.to_owned()}</span> }.into_any());
        from = end;
    }
    parts.push(text[from..].to_owned().into_any());
    parts.collect_view().into_any()
}

/// What a call passes to it.
fn passed(draft: &AgentDraft) -> AnyView {
    let lines = draft
        .variables
        .iter()
        .map(|variable| {
            view! { <dt class="mono">{variable.name.clone()}</dt><dd>{variable.description.clone()}</dd> }
        })
        .collect_view();
    view! {
        <section class="card" aria-labelledby="passed">
            <header><h2 id="passed">"What a call passes to it"</h2></header>
            <dl class="kv body">{lines}</dl>
        </section>
    }
    .into_any()
}

fn settings(draft: &AgentDraft, suits: String) -> AnyView {
    let silence = draft
        .silence
        .iter()
        .map(|step| view! { <dd>{format!("After {} s: “{}”", step.after_s, step.message)}</dd> })
        .collect_view();
    let recorded = if draft.recording {
        "Yes, and the first message says so"
    } else {
        "No"
    };
    view! {
        <section class="card" aria-labelledby="settings">
            <header><h2 id="settings">"Settings"</h2></header>
            <dl class="kv body">
                <dt>"Good for"</dt>
                <dd>{suits}</dd>
                <dt>"Language"</dt>
                <dd>{language_name(&draft.language).to_owned()}</dd>
                <dt>"Voice"</dt>
                <dd>"You choose it"</dd>
                <dt>"Rings for"</dt>
                <dd>{format!("{} s", draft.join_timeout_s)}</dd>
                <dt>"Longest call"</dt>
                <dd>{format!("{} min", draft.max_duration_s / 60)}</dd>
                <dt>"Then says"</dt>
                <dd>{format!("“{}”", draft.time_exceeded_message)}</dd>
                <dt>"Silence"</dt>
                {silence}
                <dt>"Recorded"</dt>
                <dd>{recorded}</dd>
            </dl>
        </section>
    }
    .into_any()
}
