//! The list of API keys.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use switchboard::{
    keys::ApiKey,
    org::Scope,
    resource::{Action, Kind},
};

use super::{CreateKey, Keys, fresh, list_keys, revoke_key};
use crate::{
    kit::{
        Ago, Day, Illustration, Loading, PageHead, Question, Sending, StatusDot, Toast, empty, icon, keyed_list,
        loaded, skeleton_rows, status_dot, use_confirm, use_live, use_toasts,
    },
    may, org,
};

#[component]
pub fn KeysPage() -> impl IntoView {
    let here = StoredValue::new(org());
    let create = Sending::<CreateKey>::new();
    let live = use_live(Kind::ApiKey);
    let keys = Loading::new(
        move || (create.ended(), live.get()),
        move |_| list_keys(here.get_value()),
    );
    let list = loaded(keys, "API keys", skeleton_rows, move |loaded| content(keys, loaded));
    // Each key made empties the form for the next one.
    let form = keyed_list(
        move || vec![create.done()],
        |made| made.to_string(),
        move |_| fresh::form(create),
    );
    let may_create = may(Action::Create, Kind::ApiKey);
    let body = if may_create {
        view! { <div class="split"><div class="stack">{fresh::secret(create)}{list}</div>{form}</div> }.into_any()
    } else {
        list
    };
    view! {
        <PageHead
            title="API keys"
            sub=|| view! { "How your programs act for this organization. " <a href="/api/docs" rel="external">"API reference"</a> }
        />
        {body}
    }
}

fn content(keys: Loading<Keys>, loaded: Keys) -> AnyView {
    let Keys { all, as_of } = loaded;
    if all.is_empty() {
        let text = "A program proves with a key which organization it acts for. Give each program its own, so that you can revoke one without the others.";
        return view! { <div class="card">{empty(Illustration::Empty, "No API keys yet", text, ())}</div> }.into_any();
    }
    let rows = all.into_iter().map(|key| line(keys, key, as_of)).collect_view();
    view! {
        <div class="table-wrap">
            <table class="table cards">
                <caption class="sr">"API keys"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"May"</th>
                        <th scope="col" class="lo">"Used"</th>
                        <th scope="col" class="lo2">"Made"</th>
                        <th scope="col"><span class="sr">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn line(keys: Loading<Keys>, key: ApiKey, as_of: DateTime<Utc>) -> AnyView {
    let expired = key.expires_at.is_some_and(|at| at <= as_of);
    let state = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => {
            view! { {status_dot(StatusDot::Stop, "Revoked")} <small class="muted">" "<Day at=at/></small> }.into_any()
        }
        (None, _) if key.maker_left => {
            let who = key.maker.clone().unwrap_or_else(|| "its maker".to_owned());
            view! { {status_dot(StatusDot::Stop, "Refused")} <small class="muted">{format!(" {who} has left")}</small> }
                .into_any()
        }
        (None, Some(at)) if expired => {
            view! { {status_dot(StatusDot::Stop, "Expired")} <small class="muted">" "<Day at=at/></small> }.into_any()
        }
        (None, Some(at)) => {
            view! { {status_dot(StatusDot::Live, "Works")} <small class="muted">" until "<Day at=at/></small> }
                .into_any()
        }
        (None, None) => status_dot(StatusDot::Live, "Works"),
    };
    let used = match key.used_at {
        Some(at) => view! { <Ago at=at/> }.into_any(),
        None => "never".into_any(),
    };
    let by = key.maker.clone().map(|by| format!(" by {by}"));
    let full = key.scopes.iter().map(Scope::to_string).collect::<Vec<_>>().join(", ");
    let revoke =
        (key.revoked_at.is_none() && !expired && may(Action::Delete, Kind::ApiKey)).then(|| revoke(keys, &key));
    view! {
        <tr>
            <th scope="row">{key.name}<small><code>{format!("sb_live_{}_…", key.short)}</code>{by}</small></th>
            <td>{state}</td>
            <td><span title=full>{in_short(&key.scopes)}</span></td>
            <td class="lo" data-l="Used">{used}</td>
            <td class="lo2"><Day at=key.created_at/></td>
            <td class="tight more">{revoke}</td>
        </tr>
    }
    .into_any()
}

/// What a key may do, in a few words.
fn in_short(scopes: &[Scope]) -> String {
    let kinds = Kind::ALL
        .iter()
        .filter(|kind| scopes.iter().any(|scope| scope.kind == **kind))
        .count();
    let things = if kinds == 1 { "kind of thing" } else { "kinds of things" };
    if scopes.iter().all(|scope| scope.action == Action::Read) {
        format!("Read {kinds} {things}")
    } else {
        let permissions = if scopes.len() == 1 { "permission" } else { "permissions" };
        format!("{} {permissions} on {kinds} {things}", scopes.len())
    }
}

fn revoke(keys: Loading<Keys>, key: &ApiKey) -> AnyView {
    let (confirm, toasts) = (use_confirm(), use_toasts());
    let (id, name) = (key.id, key.name.clone());
    let label = format!("Revoke {name}");
    let ask = move |_| {
        let (here, gone) = (org(), name.clone());
        let run = move || {
            let (here, gone) = (here.clone(), gone.clone());
            async move {
                revoke_key(here, id).await?;
                keys.refetch();
                toasts.say(Toast::done(format!("{gone} has been revoked")));
                Ok(())
            }
        };
        confirm.ask(Question::new(
            format!("Revoke {name}?"),
            "Whatever uses this key is refused from its next request on. It cannot be brought back.",
            "Revoke key",
            run,
        ));
    };
    view! { <button type="button" class="btn icon-only quiet sm" aria-label=label.clone() title=label on:click=ask>{icon("trash")}</button> }
        .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_summed_up_by_what_it_touches() {
        let scopes = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Scope>>();
        assert_eq!(in_short(&scopes(&["agents:read"])), "Read 1 kind of thing");
        assert_eq!(
            in_short(&scopes(&["agents:read", "calls:read"])),
            "Read 2 kinds of things"
        );
        assert_eq!(
            in_short(&scopes(&["agents:read", "agents:update"])),
            "2 permissions on 1 kind of thing"
        );
    }
}
