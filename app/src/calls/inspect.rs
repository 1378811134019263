//! What a call ran with, and the provider's record of it: read when somebody opens them.

use std::future::Future;

use leptos::{prelude::*, task::spawn_local};
use switchboard::{
    Error,
    agents::facts,
    calls::{Call, CallConfiguration},
    resource::{Action, Kind},
    text::counted,
};

use super::{format::delay, get_call_at_provider, get_call_configuration, turns::Turn};
use crate::{
    AppError,
    kit::{Copy, error_banner, json, laid_out},
    may, org,
};

/// How soon the agent answered: usually, at worst, and turn by turn.
pub fn response_time(turns: Memo<Vec<Turn>>) -> AnyView {
    let delays =
        Memo::new(move |_| turns.with(|turns| turns.iter().filter_map(|turn| turn.delay_ms).collect::<Vec<_>>()));
    let card = move || {
        let delays = delays.get();
        let (half, slow) = (percentile(&delays, 50)?, percentile(&delays, 90)?);
        let longest = delays.iter().copied().max().unwrap_or(1).max(1);
        let width = 100 / delays.len().max(1) as i32;
        let bars = delays
            .iter()
            .enumerate()
            .map(|(at, ms)| {
                let height = (ms * 36 / longest).max(1);
                let class = if *ms > 1_500 { "slow" } else { "" };
                let x = at as i32 * width;
                view! { <rect class=class x=x y=36 - height width=(width - 1).max(1) height=height></rect> }
            })
            .collect_view();
        let told = format!(
            "{} answers, half of them within {}, the slowest tenth from {}",
            delays.len(),
            delay(half),
            delay(slow)
        );
        Some(view! {
            <section class="card">
                <header><h2>"Response time"</h2></header>
                <div class="body stack s2">
                    <svg class="delays" viewBox="0 0 100 36" preserveAspectRatio="none" role="img" aria-label=told>{bars}</svg>
                    <dl class="kv small">
                        <dt>"Half of the answers"</dt><dd class="num">{delay(half)}</dd>
                        <dt>"Slowest tenth"</dt><dd class="num">{delay(slow)}</dd>
                    </dl>
                </div>
            </section>
        })
    };
    card.into_any()
}

/// The value that so many percent are not above; nothing of nothing.
fn percentile(delays: &[i32], percent: usize) -> Option<i32> {
    let mut sorted = delays.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(at).copied()
}

pub fn inspect(call: Memo<Call>) -> AnyView {
    let first = call.get_untracked();
    let (mine, id) = (StoredValue::new(org()), first.id);
    let known = first.agent_id.is_some() && may(Action::Read, Kind::Agent);
    let ran = known.then(|| {
        let origin = match first.agent_version {
            Some(number) => format!("version {number} of the agent"),
            None => "the draft, as it was then".to_owned(),
        };
        opened(
            format!("Settings in effect, of {origin}"),
            move || get_call_configuration(mine.get_value(), id),
            settings,
        )
    });
    let provider = first.provider_id.is_some().then(|| {
        opened(
            "What Ultravox has written down".to_owned(),
            move || get_call_at_provider(mine.get_value(), id),
            |text: &String| raw(text),
        )
    });
    let nothing = ran.is_none() && provider.is_none();
    (!nothing)
        .then(|| {
            view! {
                <section class="card">
                    <header><h2>"Behind it"</h2></header>
                    <div class="body stack s2">{ran}{provider}</div>
                </section>
            }
        })
        .into_any()
}

/// Asked for when it is opened for the first time, and again after a failure.
fn opened<T, F>(title: String, ask: impl Fn() -> F + 'static, draw: fn(&T) -> AnyView) -> AnyView
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<T, AppError>> + 'static,
{
    let shown = RwSignal::new(None::<Result<T, AppError>>);
    let waiting = RwSignal::new(false);
    let open = move |event: web_sys::Event| {
        let is_open = event_target::<web_sys::HtmlElement>(&event).has_attribute("open");
        let done = shown.with_untracked(|shown| matches!(shown, Some(Ok(_))));
        if !is_open || done || waiting.get_untracked() {
            return;
        }
        waiting.set(true);
        let answer = ask();
        spawn_local(async move {
            let answer = answer.await;
            waiting.try_set(false);
            shown.try_set(Some(answer));
        });
    };
    let body = move || {
        shown.with(|shown| match shown {
            None => view! { <p class="small muted">"Being read…"</p> }.into_any(),
            Some(Err(AppError(Error::NotFound))) => {
                view! { <p class="small muted">"It is not there any more."</p> }.into_any()
            }
            Some(Err(error)) => error_banner(&error.0),
            Some(Ok(found)) => draw(found),
        })
    };
    view! { <details class="raw" on:toggle=open><summary>{title}</summary>{body}</details> }.into_any()
}

fn settings(found: &CallConfiguration) -> AnyView {
    let rows = facts(&found.settings)
        .into_iter()
        .filter(|fact| !fact.value.is_empty())
        .map(|fact| {
            let value = match fact.field {
                "tool_ids" => counted(fact.value.lines().count() as i64, "tool"),
                _ => fact.value,
            };
            view! { <dt>{fact.label}</dt><dd class="as-typed">{value}</dd> }
        })
        .collect_view();
    view! { <dl class="kv small">{rows}</dl> }.into_any()
}

fn raw(text: &str) -> AnyView {
    view! {
        <div class="code wrap">
            <header><span class="push"><Copy text=Signal::stored(laid_out(text)) label="Copy the record" icon_only=true/></span></header>
            <pre tabindex="0">{json(text)}</pre>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let delays = [400, 100, 300, 200];
        let found: Vec<_> = [1, 50, 75, 90, 100].map(|percent| percentile(&delays, percent)).into();
        assert_eq!(found, [100, 200, 300, 400, 400].map(Some));
        assert_eq!(percentile(&[], 50), None);
    }
}
