//! Used by: the agents that have this tool.

use leptos::prelude::*;
use switchboard::{
    Id,
    resource::Kind,
    tools::{Tool, ToolAgent},
};

use super::tool_agents;
use crate::{
    kit::{ask_again, dynamic, icon},
    org,
};

/// `agents` as they were when the page was asked for.
pub fn used_by(id: Id<Tool>, agents: Vec<ToolAgent>) -> AnyView {
    let org = org();
    let agents = RwSignal::new(agents);
    ask_again(Kind::Agent, move || tool_agents(org.clone(), id), agents);
    view! {
        <section class="card" aria-labelledby="used-by">
            <header><h2 id="used-by">"Used by"</h2></header>
            {dynamic(move || list(agents.get()))}
        </section>
    }
    .into_any()
}

fn list(agents: Vec<ToolAgent>) -> AnyView {
    if agents.is_empty() {
        return view! {
            <p class="quiet-note">"No agent has it yet. Give it to one under "<b>"Tools"</b>" in the "<a href="/agents">"agent's editor"</a>"."</p>
        }
        .into_any();
    }
    let rows = agents
        .into_iter()
        .map(|agent| {
            view! {
                <div role="listitem">
                    {icon("agent")}
                    <a class="grow" href=format!("/agents/{}", agent.id)><b>{agent.name}</b></a>
                </div>
            }
        })
        .collect_view();
    view! {
        <div class="rows" role="list" aria-label="Agents that use this tool">{rows}</div>
        <footer>"What you save here reaches their next call."</footer>
    }
    .into_any()
}
