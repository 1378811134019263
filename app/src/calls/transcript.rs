//! The transcript: who said what and when, with what the agent looked up on the way.

use leptos::prelude::*;
use web_sys::{ScrollIntoViewOptions, ScrollLogicalPosition};

use super::{
    format::{clock, delay},
    player::Player,
    turns::{Answered, Side, ToolUse, Turn},
};
use crate::kit::{StatusDot, browser, icon, json, keyed_list, status_dot};

/// A pause longer than this is one that people notice.
const SLOW_MS: i32 = 1200;

/// `current` is the turn heard or being spoken; `player` is there when a recording is.
pub fn transcript(
    turns: Memo<Vec<Turn>>,
    current: Memo<Option<i32>>,
    player: Signal<Option<Player>>,
    live: Signal<bool>,
) -> AnyView {
    let seqs = move || turns.with(|turns| turns.iter().map(|turn| turn.seq).collect::<Vec<_>>());
    let line = move |seq: i32| line(turns, seq, current, player, live);
    view! {
        <ol class="turns" aria-label="Conversation" aria-live=move || live.get().then_some("polite")>
            {keyed_list(seqs, |seq| seq.to_string(), line)}
        </ol>
    }
    .into_any()
}

/// Keeps the turn that is heard or spoken in view.
pub fn keep_in_view(current: Memo<Option<i32>>, wanted: impl Fn() -> bool + 'static) {
    Effect::new(move |before: Option<Option<i32>>| {
        let now = current.get();
        if let (Some(seq), true, true) = (now, before.is_some_and(|before| before != now), wanted())
            && let Some(turn) = browser::element(&turn_id(seq))
        {
            let nearest = ScrollIntoViewOptions::new();
            nearest.set_block(ScrollLogicalPosition::Nearest);
            turn.scroll_into_view_with_scroll_into_view_options(&nearest);
        }
        now
    });
}

fn turn_id(seq: i32) -> String {
    format!("turn-{seq}")
}

fn line(
    turns: Memo<Vec<Turn>>,
    seq: i32,
    current: Memo<Option<i32>>,
    player: Signal<Option<Player>>,
    live: Signal<bool>,
) -> AnyView {
    // The words of a turn grow while it is spoken; the line stays.
    let turn = Memo::new(move |before: Option<&Option<Turn>>| {
        turns
            .with(|turns| turns.iter().find(|turn| turn.seq == seq).cloned())
            .or_else(|| before.cloned().flatten())
    });
    let of = move |part: fn(&Turn) -> String| turn.with(|turn| turn.as_ref().map(part).unwrap_or_default());
    let start = move || turn.with(|turn| turn.as_ref().and_then(|turn| turn.start_ms));
    let by = turn.with_untracked(|turn| turn.as_ref().map_or(Side::Agent, |turn| turn.by));
    let is_current = Memo::new(move |_| current.get() == Some(seq));
    let unfinished = move || {
        live.get() && is_current.get() && turn.with(|turn| turn.as_ref().is_some_and(|turn| turn.end_ms.is_none()))
    };
    let at = move || {
        let start = start();
        match (player.get(), start) {
            (Some(player), Some(start)) => view! {
                <button type="button" class="at" aria-label=format!("Play from {}", clock(start.into())) on:click=move |_| player.play_from(start)>
                    {clock(start.into())}
                </button>
            }
            .into_any(),
            (None, Some(start)) => view! { <span class="at">{clock(start.into())}</span> }.into_any(),
            (_, None) => view! { <span class="at"></span> }.into_any(),
        }
    };
    let pause = move || {
        let delay_ms = turn.with(|turn| turn.as_ref().and_then(|turn| turn.delay_ms))?;
        let class = if delay_ms > SLOW_MS { "lat slow" } else { "lat" };
        Some(view! { <span class=class title="Until the agent answered">{delay(delay_ms)}</span> })
    };
    let tools = move || {
        let tools = turn.with(|turn| turn.as_ref().map(|turn| turn.tools.clone()).unwrap_or_default());
        tools.into_iter().map(aside).collect_view()
    };
    // A convenience of the pointer beside the button; whoever selects text means the text.
    let play = move |_| {
        if let (Some(player), Some(start), false) = (player.get_untracked(), untrack(start), selecting()) {
            player.play_from(start);
        }
    };
    view! {
        <li class="turn" id=turn_id(seq) data-by=if by == Side::Agent { "agent" } else { "caller" }
            aria-current=move || is_current.get().then_some("true") data-plays=move || player.get().is_some().then_some("")>
            {at}
            <span class="by">{if by == Side::Agent { "Agent" } else { "Person" }}</span>
            <div class="said" on:click=play>
                {move || of(|turn| turn.text.clone())}
                {move || unfinished().then(|| view! { <span class="muted">" …"</span> })}
            </div>
            {pause}
            {tools}
        </li>
    }
    .into_any()
}

fn selecting() -> bool {
    window()
        .get_selection()
        .ok()
        .flatten()
        .is_some_and(|selection| !selection.is_collapsed())
}

/// One use of a tool: closed it says how it went, open what was asked and answered.
fn aside(tool: ToolUse) -> AnyView {
    let asked = (!tool.asked.is_empty()).then(|| block("Asked", &tool.asked));
    let answered = tool.answered.as_ref().map(|answered| {
        let title = if answered.failed { "Failed" } else { "Answered" };
        (!answered.text.is_empty()).then(|| block(title, &answered.text))
    });
    let took = tool.answered.as_ref().and_then(|answered| answered.took_ms);
    view! {
        <details class="aside">
            <summary>
                {icon("tool")}
                <b class="mono">{tool.name.clone()}</b>
                {tool_dot(&tool)}
                {took.map(|ms| view! { <span class="muted">{delay(ms)}</span> })}
            </summary>
            {asked}
            {answered}
        </details>
    }
    .into_any()
}

pub fn tool_dot(tool: &ToolUse) -> AnyView {
    match &tool.answered {
        None => status_dot(StatusDot::Work, "Working"),
        Some(Answered { failed: false, .. }) => status_dot(StatusDot::Done, "Answered"),
        Some(Answered { failed: true, .. }) => status_dot(StatusDot::Fail, "Failed"),
    }
}

fn block(title: &'static str, text: &str) -> AnyView {
    view! {
        <p>{title}</p>
        <pre>{json(text)}</pre>
    }
    .into_any()
}
