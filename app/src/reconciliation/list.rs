//! What differs at the provider: since when, what becomes of it and when, and what has mended itself.

use leptos::{prelude::*, task::spawn_local};
use switchboard::{
    listing::Page,
    reconciliation::{Difference, DifferenceState, Mended, MendedOutcome, Overview},
    resource::{Action, Kind},
    text::capitalize,
};
use uuid::Uuid;

use super::{read_reconciliation, reconcile, reconcile_all};
use crate::{
    kit::{
        Ago, Illustration, Loading, PageHead, StatusDot, Toast, When, empty, icon, list_keys, loaded, pager,
        skeleton_rows, status_dot, use_live, use_toasts, use_url,
    },
    may, org,
};

#[component]
pub fn ReconciliationPage() -> impl IntoView {
    let here = StoredValue::new(org());
    let url = use_url();
    let live = use_live(Kind::Reconciliation);
    let overview = Loading::new(
        move || (url.get("cursor"), live.get()),
        move |(cursor, _)| read_reconciliation(here.get_value(), Page { limit: None, cursor }),
    );
    list_keys();
    let may_reconcile = may(Action::Update, Kind::Reconciliation);
    let (toasts, busy) = (use_toasts(), RwSignal::new(false));
    let everything = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            match reconcile_all(here.get_value()).await {
                Ok(done) if done.started == 0 => toasts.say(Toast::done("There is nothing to reconcile")),
                Ok(done) => {
                    let noun = if done.started == 1 { "difference" } else { "differences" };
                    toasts.say(Toast::done(format!("{} {noun} looked at now", done.started)));
                    overview.refetch();
                }
                Err(error) => toasts.say(Toast::failed("Nothing was reconciled", &error)),
            }
            busy.set(false);
        });
    };
    let actions = move || {
        may_reconcile
            .then(|| view! { <button type="button" class="btn" on:click=everything>{icon("refresh")}"Reconcile all now"</button> })
            .into_any()
    };
    view! {
        <PageHead
            title="Reconciliation"
            sub=|| "Agents, tools and calls live here and at the provider. Where the two differ it stands here, until they do not."
            actions=actions
        />
        {loaded(overview, "reconciliation", skeleton_rows, move |found| {
            let older = found.differences.next.clone();
            content(overview, found, move |shown| pager(url, shown, older, if shown == 1 { "difference" } else { "differences" }))
        })}
    }
}

fn content(overview: Loading<Overview>, found: Overview, pager: impl FnOnce(usize) -> AnyView) -> AnyView {
    let counts = counts(&found);
    let shown = found.differences.items.len();
    let differences = if shown == 0 {
        let text = "Every agent, tool and call is the same here and at the provider, as far as is known. What differs appears here by itself.";
        view! { <div class="card">{empty(Illustration::Connected, "Both sides agree", text, ())}</div> }.into_any()
    } else {
        let rows = found
            .differences
            .items
            .into_iter()
            .map(|difference| line(overview, difference))
            .collect_view();
        view! {
            <div class="table-wrap">
                <table class="table cards">
                    <caption class="sr">"What differs at the provider"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"What"</th>
                            <th scope="col">"State"</th>
                            <th scope="col">"Since"</th>
                            <th scope="col" class="full">"What happens"</th>
                            <th scope="col"><span class="sr">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
                {pager(shown)}
            </div>
        }
        .into_any()
    };
    view! { <div class="stack">{counts}{differences}{mended(found.mended)}</div> }.into_any()
}

fn counts(found: &Overview) -> AnyView {
    view! {
        <dl class="stats">
            <div class="stat"><dt class="k">"Differ now"</dt><dd class="v">{found.differing}</dd></div>
            <div class="stat"><dt class="k">"Mended by themselves, 30 days"</dt><dd class="v">{found.mended_lately}</dd></div>
        </dl>
    }
    .into_any()
}

fn line(overview: Loading<Overview>, difference: Difference) -> AnyView {
    let Difference {
        object_id, kind, state, ..
    } = difference;
    let dot = match state {
        DifferenceState::Creating | DifferenceState::Updating | DifferenceState::Deleting => StatusDot::Work,
        DifferenceState::Differs => StatusDot::Warn,
        DifferenceState::Unanswered => StatusDot::Fail,
    };
    let tries = (difference.attempts > 1).then(|| format!(" · {} tries", difference.attempts));
    let next = difference
        .due_at
        .filter(|_| state != DifferenceState::Differs)
        .map(|at| view! { <small>"Next look "<When at=at/>{tries}</small> });
    let name = named(kind, &difference.name);
    let label = format!("Reconcile now: {name}");
    let button = may(Action::Update, Kind::Reconciliation).then(|| {
        let toasts = use_toasts();
        let here = StoredValue::new(org());
        let asked = name.clone();
        let go = move |_| {
            let asked = asked.clone();
            spawn_local(async move {
                match reconcile(here.get_value(), object_id).await {
                    Ok(()) => toasts.say(Toast::done(format!("{asked} is looked at now"))),
                    Err(error) => toasts.say(Toast::failed(format!("{asked} was not reconciled"), &error)),
                }
                overview.refetch();
            });
        };
        view! { <button type="button" class="btn sm" aria-label=label on:click=go>"Reconcile now"</button> }
    });
    view! {
        <tr>
            <th scope="row">{link(kind, object_id, name, difference.name.is_empty())}<small>{kind.singular()}</small></th>
            <td>{status_dot(dot, state.label())}{(!difference.note.is_empty()).then(|| view! { <small>{difference.note}</small> })}</td>
            <td class="nowrap" data-l="Since"><Ago at=difference.since/></td>
            <td class="full">{state.remedy(kind)}{next}</td>
            <td class="tight"><div class="cluster">{button}</div></td>
        </tr>
    }
    .into_any()
}

/// What has no name was never saved here, or is gone.
fn named(kind: Kind, name: &str) -> String {
    if name.is_empty() {
        format!(
            "{} {} that is not here",
            capitalize(kind.about().article),
            kind.singular()
        )
    } else {
        name.to_owned()
    }
}

fn link(kind: Kind, id: Uuid, name: String, gone: bool) -> AnyView {
    if gone {
        return view! { <span class="muted">{name}</span> }.into_any();
    }
    view! { <a href=format!("{}/{id}", kind.about().path)>{name}</a> }.into_any()
}

fn mended(mended: Vec<Mended>) -> AnyView {
    if mended.is_empty() {
        return ().into_any();
    }
    let rows = mended
        .into_iter()
        .map(|one| {
            let gone = one.name.is_empty() || one.outcome == MendedOutcome::Deleted;
            let name = named(one.kind, &one.name);
            view! {
                <li>
                    {status_dot(StatusDot::Done, "")}
                    <span class="grow">
                        <span>{link(one.kind, one.object_id, name, gone)}</span>
                        <small>{one.outcome.label()}" · "<Ago at=one.created_at/></small>
                    </span>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="card" aria-labelledby="mended">
            <header><h2 id="mended">"Mended by themselves"</h2></header>
            <ul class="rows">{rows}</ul>
        </section>
    }
    .into_any()
}
