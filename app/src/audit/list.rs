//! Who did what to which thing, the newest first. What it is narrowed to, and how far back it is, stands in the URL.

use leptos::prelude::*;
use switchboard::{
    audit::{Detail, Entry, EntryFilter},
    listing::{Listing, Page},
    org::Scope,
    resource::Kind,
};

use super::list_audit;
use crate::{
    kit::{
        Chip, Choice, Illustration, Loading, PageHead, Search, StatusDot, UrlQuery, When, at_top, bare_dot, empty,
        export, icon, list_keys, loaded, pager, skeleton_rows, use_live, use_url,
    },
    org,
};

const EXPORTED: [(&str, &str); 3] = [("q", "q"), ("kind", "kind"), ("object_id", "object_id")];

#[component]
pub fn AuditPage() -> impl IntoView {
    let here = StoredValue::new(org());
    let url = use_url();
    let asked = Memo::new(move |_| {
        let known = |word: &str| Kind::from_word(word).map(|kind| kind.word().to_owned());
        let filter = url.read("kind", "kind of thing", known).map(|kind| EntryFilter {
            q: url.get("q"),
            kind,
            object_id: url.get("object_id"),
        });
        let page = Page {
            limit: None,
            cursor: url.get("cursor"),
        };
        (filter, page)
    });
    let (live, top) = (use_live(Kind::Audit), at_top());
    // Older pages do not change, and nothing moves under whoever reads further down.
    let fresh = Memo::new(move |before: Option<&u64>| match before {
        Some(before) if url.get("cursor").is_some() || !top.get() => *before,
        _ => live.get(),
    });
    let entries = Loading::new(
        move || (asked.get(), fresh.get()),
        move |((filter, page), _)| async move { list_audit(here.get_value(), filter?, page).await },
    );
    list_keys();
    let kinds: Vec<Choice> = Kind::ALL
        .iter()
        .filter(|kind| kind.about().logged)
        .map(|kind| Choice::new(kind.word(), kind.plural()))
        .collect();
    view! {
        <PageHead title="Audit log" sub=|| "Written in the same transaction as the deed, and never changed afterwards."/>
        <div class="filters">
            <Search label="Search the log" placeholder="Thing, person or what changed" filters=&["kind", "object_id"]/>
            <Chip key="kind" label="About" choices=kinds/>
            {only_one(url)}
            <span class="push">{export(url, "audit", &EXPORTED)}</span>
        </div>
        {loaded(entries, "audit log", skeleton_rows, move |listing| content(url, listing))}
    }
}

/// Set from a row: the history of one thing.
fn only_one(url: UrlQuery) -> AnyView {
    let chip = move || {
        url.get("object_id").map(|id| {
            view! {
                <span class="chip">
                    <span>"Only "<b>{id}</b></span>
                    <a href=url.with("object_id", None) aria-label="Show everything again" title="Show everything again">{icon("x")}</a>
                </span>
            }
        })
    };
    chip.into_any()
}

fn content(url: UrlQuery, listing: Listing<Entry>) -> AnyView {
    if listing.items.is_empty() {
        let card = if url.count(&["q", "kind", "object_id", "cursor"]) == 0 {
            empty(
                Illustration::Empty,
                "Nothing has happened yet",
                "Every change to this organization is written down here, with who made it.",
                (),
            )
        } else {
            let all = view! { <a class="btn" href=url.bare()>"Show everything"</a> };
            empty(
                Illustration::Empty,
                "Nothing here matches",
                "No entry is about this. New ones appear here by themselves.",
                all,
            )
        };
        return view! { <div class="card">{card}</div> }.into_any();
    }
    let shown = listing.items.len();
    let rows = listing.items.into_iter().map(|entry| line(url, entry)).collect_view();
    view! {
        <div class="table-wrap log">
            <table class="table cards">
                <caption class="sr">"Audit log"</caption>
                <thead>
                    <tr>
                        <th scope="col">"What"</th>
                        <th scope="col">"Who"</th>
                        <th scope="col">"When"</th>
                        <th scope="col"><span class="sr">"History"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
            {pager(url, shown, listing.next, if shown == 1 { "entry" } else { "entries" })}
        </div>
    }
    .into_any()
}

fn line(url: UrlQuery, entry: Entry) -> AnyView {
    let (who, whose) = actor(&entry);
    let thing = subject(&entry);
    let label = format!("Only the history of {}", thing.name);
    let history = url.with("object_id", Some(&entry.object_id));
    let name = match thing.href {
        Some(href) => view! { <a href=href>{thing.name}</a> }.into_any(),
        None => thing.name.into_any(),
    };
    view! {
        <tr>
            <th scope="row">
                <span class="deed">
                    {bare_dot(dot_of(&entry.action), "")}
                    <span>{format!("{} {} ", did(&entry.action), thing.noun)}<b>{name}</b></span>
                </span>
                {thing.detail.map(|detail| view! { <small>{detail}</small> })}
            </th>
            <td>{who}<small>{whose}</small></td>
            <td class="nowrap"><When at=entry.at/></td>
            <td class="tight more">
                <a class="btn icon-only quiet sm" href=history aria-label=label.clone() title=label>{icon("filter")}</a>
            </td>
        </tr>
    }
    .into_any()
}

/// Who did it, and as what.
fn actor(entry: &Entry) -> (String, &'static str) {
    let name = entry.actor_name.clone();
    match entry.actor_kind.as_str() {
        "person" => (name.unwrap_or_else(|| entry.actor.clone()), ""),
        "api_key" => (name.unwrap_or_else(|| entry.actor.clone()), "API key"),
        _ => ("Switchboard".to_owned(), "by itself"),
    }
}

struct Subject {
    noun: String,
    name: String,
    href: Option<String>,
    detail: Option<String>,
}

/// What it was done to, as people call it.
fn subject(entry: &Entry) -> Subject {
    let kind = Kind::from_word(&entry.kind);
    let noun = kind.map_or_else(|| entry.kind.clone(), |kind| kind.singular().to_owned());
    let named = Some(entry.object_name.clone()).filter(|name| !name.is_empty());
    match kind {
        Some(Kind::Member) if entry.action == "refuse" => Subject {
            noun: "non-member".into(),
            name: named.unwrap_or_else(|| entry.object_id.clone()),
            href: None,
            detail: None,
        },
        // The object is a person or an address; what the entry calls its name is what became of them.
        Some(Kind::Member) => Subject {
            noun: if entry.object_id.contains('@') {
                "invitation of".into()
            } else {
                noun
            },
            name: entry.member_name.clone().unwrap_or_else(|| entry.object_id.clone()),
            href: None,
            detail: named.filter(|text| *text != "invitation"),
        },
        _ => Subject {
            noun,
            name: named.unwrap_or_else(|| entry.object_id.clone()),
            href: match kind {
                // What is gone has no page.
                _ if entry.action == "delete" => None,
                Some(kind) if kind.about().has_page => Some(format!("{}/{}", kind.about().path, entry.object_id)),
                _ => None,
            },
            detail: changes(kind, entry),
        },
    }
}

/// What became different, in a line.
fn changes(kind: Option<Kind>, entry: &Entry) -> Option<String> {
    let Detail {
        changed,
        scopes,
        version,
        ..
    } = &entry.detail;
    if let Some(number) = version {
        return Some(format!("Version {number}"));
    }
    if !changed.is_empty() {
        let mut words: Vec<String> = changed.iter().map(|name| field_label(kind, name)).collect();
        // A voice has an id and a name, and they change together.
        words.dedup();
        return Some(words.join(", "));
    }
    let some: Vec<String> = scopes.iter().take(SCOPES_SHOWN).map(Scope::to_string).collect();
    let more = scopes.len() - some.len();
    match (some.is_empty(), more) {
        (true, _) => None,
        (_, 0) => Some(some.join(", ")),
        (_, more) => Some(format!("{} and {more} more", some.join(", "))),
    }
}

/// A key may do more than fits into a line.
const SCOPES_SHOWN: usize = 4;

/// A field as its form calls it.
fn field_label(kind: Option<Kind>, name: &str) -> String {
    let declared = kind.and_then(|kind| kind.about().fields.iter().find(|(field, _)| *field == name));
    declared.map_or_else(|| name.replace('_', " "), |(_, label)| (*label).to_owned())
}

/// The deed in the past tense. An unknown one is shown as it was written.
fn did(action: &str) -> String {
    let known = match action {
        "create" => "Created",
        "update" => "Changed",
        "delete" => "Deleted",
        "publish" => "Published",
        "restore" => "Restored",
        "sample" => "Given a sample",
        "clone" => "Cloned",
        "fail" => "Not cloned",
        "retry" => "Tried again",
        "add_source" => "Source added",
        "remove_source" => "Source removed",
        "read_source" => "Read again",
        "fail_source" => "Source not read",
        "enable_source" => "Source turned on",
        "disable_source" => "Source turned off",
        "add_check" => "Check added",
        "remove_check" => "Check removed",
        "sync" => "Synced",
        "test" => "Tested",
        "stop" => "Stopped",
        "note" => "Noted on",
        "delete_note" => "Deleted a note on",
        "revoke" => "Revoked",
        "invite" => "Sent",
        "join" => "Joined as",
        "leave" => "Left as",
        "decline" => "Declined as",
        "refuse" => "Turned away",
        "read" => "Read",
        "run" => "Asked for",
        other => return other.to_owned(),
    };
    known.to_owned()
}

fn dot_of(action: &str) -> StatusDot {
    match action {
        "create" | "invite" | "join" => StatusDot::Done,
        "delete" | "revoke" | "leave" | "decline" | "refuse" | "stop" => StatusDot::Stop,
        "publish" | "sync" | "run" | "clone" => StatusDot::Live,
        _ => StatusDot::Off,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard::org::Role;

    fn entry(kind: &str, action: &str, object_id: &str, object_name: &str) -> Entry {
        Entry {
            id: Default::default(),
            at: Default::default(),
            actor: "system".into(),
            actor_kind: "system".into(),
            actor_name: None,
            action: action.into(),
            kind: kind.into(),
            object_id: object_id.into(),
            object_name: object_name.into(),
            member_name: (kind == "members").then(|| "Ada".into()),
            detail: Detail::default(),
        }
    }

    #[test]
    fn a_change_of_role_is_about_the_person() {
        let change = format!("{} → {}", Role::Viewer.label(), Role::Admin.label());
        let subject = subject(&entry("members", "update", "user_1", &change));
        assert_eq!((subject.noun.as_str(), subject.name.as_str()), ("member", "Ada"));
        assert_eq!(subject.detail, Some(change));
    }

    #[test]
    fn whoever_is_turned_away_is_no_member() {
        let refused = entry("members", "refuse", "user_1", "Grace");
        let Subject { noun, name, detail, .. } = subject(&refused);
        assert_eq!(
            format!("{} {noun} {name}", did(&refused.action)),
            "Turned away non-member Grace"
        );
        assert_eq!(detail, None);
    }

    #[test]
    fn a_change_says_what_changed_in_the_words_of_the_form() {
        let mut saved = entry("agents", "update", "1", "Front desk");
        saved.detail.changed = ["prompt", "voice_id", "voice_name", "tags"].map(str::to_owned).into();
        assert_eq!(subject(&saved).detail.as_deref(), Some("system prompt, voice, tags"));
        let mut made = entry("api-keys", "create", "1", "Site");
        assert_eq!(subject(&made).detail, None);
        made.detail.scopes = [
            "agents:read",
            "agents:update",
            "calls:read",
            "calls:create",
            "members:read",
        ]
        .map(|scope| scope.parse().unwrap())
        .into();
        assert_eq!(
            subject(&made).detail.as_deref(),
            Some("agents:read, agents:update, calls:read, calls:create and 1 more")
        );
    }

    #[test]
    fn what_is_deleted_is_named_and_not_linked() {
        assert_eq!(
            subject(&entry("agents", "update", "1", "Front desk")).href.as_deref(),
            Some("/agents/1")
        );
        assert_eq!(subject(&entry("agents", "delete", "1", "Front desk")).href, None);
    }
}
