//! The last uses of a tool on calls: what was asked, what came back, and how long it took.

use leptos::prelude::*;
use switchboard::{
    Id,
    resource::Kind,
    tools::{Tool, ToolUse},
};

use super::{tool_uses, tried::took};
use crate::{
    kit::{Ago, StatusDot, ask_again, dynamic, json, status_dot},
    org,
};

/// `uses` as they were when the page was asked for.
pub fn history(id: Id<Tool>, uses: Vec<ToolUse>) -> AnyView {
    let org = org();
    let uses = RwSignal::new(uses);
    ask_again(Kind::Call, move || tool_uses(org.clone(), id), uses);
    view! {
        <section class="card" aria-labelledby="history">
            <header><h2 id="history">"Uses on calls"</h2></header>
            {dynamic(move || uses.with(|uses| table(uses)))}
        </section>
    }
    .into_any()
}

fn table(uses: &[ToolUse]) -> AnyView {
    if uses.is_empty() {
        return view! { <p class="quiet-note">"No call has used it yet. Uses appear here by themselves, newest first."</p> }.into_any();
    }
    let rows = uses.iter().map(row).collect_view();
    view! {
        <table class="table cards uses">
            <caption class="sr">"Uses of this tool on calls, newest first"</caption>
            <thead>
                <tr>
                    <th scope="col">"Call"</th>
                    <th scope="col">"Outcome"</th>
                    <th scope="col" class="full">"Asked and answered"</th>
                    <th scope="col" class="num">"Took"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(used: &ToolUse) -> AnyView {
    let outcome = match (&used.result, used.failed) {
        (None, _) => status_dot(StatusDot::None, "No answer"),
        (Some(_), false) => status_dot(StatusDot::Done, "Answered"),
        (Some(_), true) => status_dot(StatusDot::Fail, "Failed"),
    };
    let answered = used.result.as_ref().map(|result| {
        view! { <p>{if used.failed { "Failed" } else { "Answered" }}</p><pre>{json(result)}</pre> }
    });
    view! {
        <tr>
            <th scope="row"><a href=format!("/calls/{}", used.call_id)>{used.agent_name.clone()}</a><small><Ago at=used.placed_at/></small></th>
            <td>{outcome}</td>
            <td class="full">
                <details class="use">
                    <summary><code>{used.arguments.clone()}</code></summary>
                    <p>"Asked"</p>
                    <pre>{json(&used.arguments)}</pre>
                    {answered}
                </details>
            </td>
            <td class="num">{used.took_ms.map(|ms| took(ms.into()))}</td>
        </tr>
    }
    .into_any()
}
