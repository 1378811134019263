//! The checks of a knowledge base: each tried whenever a source has changed.

use leptos::{prelude::*, task::spawn_local};
use switchboard::{
    Error, Id,
    knowledge::{CheckResult, KnowledgeBase},
    resource::{Action, Kind},
};

use super::{remove_knowledge_check, run_knowledge_checks};
use crate::{
    AppError,
    kit::{Loading, StatusDot, Toast, icon, loaded, skeleton_rows, status_dot, use_toasts},
    may, org,
};

pub fn checks(base: Memo<Option<Id<KnowledgeBase>>>, live: Signal<u64>) -> AnyView {
    let here = org();
    let results = Loading::new(
        move || (base.get(), live.get()),
        move |(base, _)| {
            let org = here.clone();
            async move {
                match base {
                    Some(base) => run_knowledge_checks(org, base).await,
                    None => Err(AppError(Error::NotFound)),
                }
            }
        },
    );
    let inside = loaded(results, "checks", skeleton_rows, content);
    view! {
        <section class="card" id="checks" aria-labelledby="checks-title">
            <header><h2 id="checks-title">"Checks"</h2><span class="sub">"Tried again whenever a source has changed"</span></header>
            {inside}
        </section>
    }
    .into_any()
}

fn content(results: Vec<CheckResult>) -> AnyView {
    if results.is_empty() {
        return view! { <p class="quiet-note">"None yet. Ask a question above, and keep it with the passage that answers it."</p> }.into_any();
    }
    let writes = may(Action::Update, Kind::KnowledgeBase);
    let rows = results.into_iter().map(|result| row(result, writes)).collect_view();
    view! { <div class="rows checks" role="list" aria-label="Checks">{rows}</div> }.into_any()
}

fn row(result: CheckResult, writes: bool) -> AnyView {
    let (dot, words) = if result.passes {
        (StatusDot::Done, "Passes")
    } else {
        (StatusDot::Fail, "Fails")
    };
    let check = result.check;
    let wanted: String = check.expected.chars().take(120).collect();
    let wanted = match (wanted.is_empty(), check.within) {
        (true, _) => "Nothing shall be found.".to_owned(),
        (false, 1) => format!("First: “{wanted}”"),
        (false, within) => format!("Among the first {within}: “{wanted}”"),
    };
    let (org, toasts, id) = (org(), use_toasts(), check.id);
    let label = format!("Delete the check “{}”", check.query);
    let remove = move |_| {
        let org = org.clone();
        spawn_local(async move {
            if let Err(error) = remove_knowledge_check(org, id).await {
                toasts.say(Toast::failed("The check is still there", &error));
            }
        });
    };
    let delete = writes.then(|| {
        view! { <button type="button" class="btn icon-only quiet sm" aria-label=label.clone() title=label on:click=remove>{icon("trash")}</button> }
    });
    view! {
        <div role="listitem">
            {status_dot(dot, words)}
            <span class="grow"><b>{check.query}</b><small>{wanted}</small><small>{result.says}</small></span>
            {delete}
        </div>
    }
    .into_any()
}
