//! One person: what is known of them, and every call with them.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_params_map},
};
use switchboard::{
    Error, Id,
    agents::language_name,
    calls::CallRow,
    contacts::Contact,
    listing::{Listing, Page},
    resource::{Action, Kind},
};
use wasm_bindgen::{JsCast, JsValue};

use super::{
    actions::{ContactRef, Deleting, deleting},
    get_contact,
};
use crate::{
    AppError,
    calls::{PlaceCall, Preset, call_line, list_calls, spaced},
    folders::{all_folders, path_of},
    kit::{
        Ago, Copy, Loading, Menu, PageHead, browser, crumbs, dynamic, effect, icon, keyed_list, keys::on_key, loaded,
        skeleton_rows, use_live,
    },
    may, org,
};

/// A contact, and where their folder lies.
type Opened = (Contact, Option<String>);

#[component]
pub fn ContactPage() -> impl IntoView {
    let params = use_params_map();
    let org = org();
    let id =
        Memo::new(move |_| params.with(|params| params.get_str("id").and_then(|id| id.parse::<Id<Contact>>().ok())));
    let (live, folders) = (use_live(Kind::Contact), use_live(Kind::Folder));
    let contact = Loading::new(
        move || (id.get(), live.get(), folders.get()),
        move |(id, ..)| {
            let org = org.clone();
            async move {
                let id = id.ok_or(AppError(Error::NotFound))?;
                let contact = get_contact(org.clone(), id).await?;
                let folder = match contact.draft.folder_id {
                    Some(folder) => path_of(&all_folders(org).await?, folder),
                    None => None,
                };
                Ok((contact, folder))
            }
        },
    );
    let deleting = deleting();
    let navigate = use_navigate();
    let leave = navigate.clone();
    // Not of what is loaded: that is drawn anew, and found to be gone, while the deletion is being answered.
    let gone = Callback::new(move |()| leave("/contacts", NavigateOptions::default()));
    on_key(move |key| {
        let edits = key == "e" && may(Action::Update, Kind::Contact);
        if let Some(id) = id.get_untracked().filter(|_| edits) {
            navigate(&format!("/contacts/{id}/edit"), NavigateOptions::default());
        }
        edits
    });
    loaded(contact, "contact", skeleton_rows, move |opened| {
        page(opened, Ending { deleting, gone })
    })
}

/// How a contact is deleted, and where one goes then.
#[derive(Clone, Copy)]
struct Ending {
    deleting: Deleting,
    gone: Callback<()>,
}

fn page((contact, folder): Opened, ending: Ending) -> AnyView {
    view! {
        {head(&contact, ending)}
        <div class="split">
            <div class="stack">
                {calls(contact.id)}
                {notes(&contact)}
            </div>
            <div class="stack">
                {facts(&contact, folder)}
                {own(&contact)}
            </div>
        </div>
    }
    .into_any()
}

fn head(contact: &Contact, ending: Ending) -> AnyView {
    let draft = &contact.draft;
    let number = spaced(&draft.phone);
    let title = if draft.name.is_empty() {
        number.clone()
    } else {
        draft.name.clone()
    };
    let mut parts = Vec::new();
    if !draft.name.is_empty() && !number.is_empty() {
        parts.push(number.clone());
    }
    if !draft.company.is_empty() {
        parts.push(draft.company.clone());
    }
    let (words, since) = (parts.join(" · "), contact.created_at);
    let sub = move || {
        let dot = if words.is_empty() { "" } else { " · " };
        view! { {words.clone()}{dot}"added "<Ago at=since/> }.into_any()
    };
    let calling = RwSignal::new(false);
    let calls = may(Action::Create, Kind::Call) && !number.is_empty();
    let preset = Signal::stored(Preset {
        number,
        ..Preset::default()
    });
    let (edit, about) = (
        format!("/contacts/{}/edit", contact.id),
        (contact.id.to_string(), title.clone()),
    );
    let actions = move || {
        let call = calls.then(|| {
            view! { <button type="button" class="btn primary" on:click=move |_| calling.set(true)>{icon("call")}"Call"</button> }
        });
        let edit = may(Action::Update, Kind::Contact)
            .then(|| view! { <a class="btn" href=edit.clone()>{icon("edit")}"Edit"</a> });
        let more = may(Action::Delete, Kind::Contact).then(|| more(about.clone(), ending));
        view! { {call}{edit}{more} }.into_any()
    };
    view! {
        <PageHead title=title sub=sub actions=actions crumbs=|| crumbs(&[("Contacts", "/contacts")])/>
        {calls.then(|| view! { <PlaceCall open=calling preset=preset/> })}
    }
    .into_any()
}

fn more(about: ContactRef, Ending { deleting, gone }: Ending) -> AnyView {
    let delete = move |_| deleting.ask(vec![about.clone()], move || gone.run(()));
    view! {
        <button type="button" class="btn icon-only" popovertarget="contact-more" aria-label="More for this contact" title="More">{icon("more")}</button>
        <Menu id="contact-more" label="Contact" end=true>
            <button type="button" class="danger" on:click=delete>{icon("trash")}"Delete…"</button>
        </Menu>
    }
    .into_any()
}

/// How many of the newest are on the page; the list of calls has all of them.
const SHOWN: u32 = 10;

fn calls(id: Id<Contact>) -> AnyView {
    if !may(Action::Read, Kind::Call) {
        return ().into_any();
    }
    let (live, org) = (use_live(Kind::Call), org());
    let calls = Loading::new(
        move || live.get(),
        move |_| {
            let page = Page {
                limit: Some(SHOWN),
                cursor: None,
            };
            list_calls(org.clone(), format!("?contact={id}"), page)
        },
    );
    let list = loaded(
        calls,
        "calls",
        || ().into_any(),
        move |listing: Listing<CallRow>| {
            if listing.items.is_empty() {
                return view! { <p class="quiet-note">"No calls yet. Those with this number appear here by themselves."</p> }.into_any();
            }
            let more = listing.next.is_some();
            let rows = keyed_list(
                move || listing.items.clone(),
                |call| call.id.to_string(),
                |call| call_line(&call),
            );
            view! {
            <div class="rows call-lines">{rows}</div>
            {more.then(|| view! { <footer><a href=format!("/calls?contact={id}")>"All calls with this contact"</a></footer> })}
        }
        .into_any()
        },
    );
    view! {
        <section class="card" aria-labelledby="calls">
            <header><h2 id="calls">"Calls"</h2></header>
            {list}
        </section>
    }
    .into_any()
}

fn notes(contact: &Contact) -> AnyView {
    let text = contact.draft.notes.clone();
    if text.trim().is_empty() {
        return ().into_any();
    }
    view! {
        <section class="card" aria-labelledby="notes">
            <header><h2 id="notes">"Notes"</h2></header>
            <div class="body"><p class="as-typed">{text}</p></div>
        </section>
    }
    .into_any()
}

fn facts(contact: &Contact, folder: Option<String>) -> AnyView {
    let draft = &contact.draft;
    let number = (!draft.phone.is_empty()).then(|| {
        fact(
            "Number",
            view! {
                <code>{spaced(&draft.phone)}</code>
                <Copy text=draft.phone.clone() label="Copy number" icon_only=true/>
            }
            .into_any(),
        )
    });
    let email = (!draft.email.is_empty()).then(|| {
        fact(
            "Email",
            view! { <a href=format!("mailto:{}", draft.email) rel="external">{draft.email.clone()}</a> }.into_any(),
        )
    });
    let plain = [
        ("Company", draft.company.clone()),
        ("Language", language_name(&draft.language).to_owned()),
    ];
    let plain: Vec<_> = plain
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| fact(name, value.into_any()))
        .collect();
    let zone = (!draft.time_zone.is_empty()).then(|| fact("Time zone", local_time(draft.time_zone.clone())));
    let place = match (draft.folder_id, folder) {
        (Some(id), Some(path)) => view! { <a href=format!("/contacts?folder={id}")>{path}</a> }.into_any(),
        _ => view! { <span class="muted">"None"</span> }.into_any(),
    };
    let tags = draft
        .tags
        .iter()
        .map(|tag| view! { <span class="tag">{tag.clone()}</span> })
        .collect_view();
    let tags = (!draft.tags.is_empty()).then(|| {
        fact(
            "Tags",
            view! { <span class="cluster tight-gap">{tags}</span> }.into_any(),
        )
    });
    view! {
        <section class="card" aria-labelledby="facts">
            <header><h2 id="facts">"What is known"</h2></header>
            <dl class="kv body idlines">
                {number}
                {email}
                {plain}
                {zone}
                {fact("Folder", place)}
                {tags}
                {fact("Changed", view! { <Ago at=contact.updated_at/> }.into_any())}
            </dl>
        </section>
    }
    .into_any()
}

/// The zone, and what their clock says as soon as there is a browser to ask.
fn local_time(zone: String) -> AnyView {
    let now = RwSignal::new(None::<String>);
    let words = zone.clone();
    effect(move || {
        let zone = zone.clone();
        let look = move || now.set(time_in(&zone));
        look();
        browser::every(30_000, look);
    });
    let clock = dynamic(move || {
        now.get()
            .map(|time| view! { <span class="muted">{time}" there now"</span> })
            .into_any()
    });
    view! { {words}{clock} }.into_any()
}

/// Hours and minutes; nothing where the browser does not know the zone.
fn time_in(zone: &str) -> Option<String> {
    let options = js_sys::Object::new();
    for (name, value) in [
        ("timeZone", zone),
        ("hour", "2-digit"),
        ("minute", "2-digit"),
        ("hourCycle", "h23"),
    ] {
        js_sys::Reflect::set(&options, &name.into(), &value.into()).ok()?;
    }
    let intl = js_sys::Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let make = js_sys::Reflect::get(&intl, &"DateTimeFormat".into())
        .ok()?
        .dyn_into::<js_sys::Function>()
        .ok()?;
    let format = js_sys::Reflect::construct(&make, &js_sys::Array::of2(&"en-GB".into(), &options)).ok()?;
    let format = js_sys::Reflect::get(&format, &"format".into())
        .ok()?
        .dyn_into::<js_sys::Function>()
        .ok()?;
    format.call0(&JsValue::NULL).ok()?.as_string()
}

fn fact(name: &'static str, value: AnyView) -> AnyView {
    view! { <dt>{name}</dt><dd>{value}</dd> }.into_any()
}

/// The values of one's own.
fn own(contact: &Contact) -> AnyView {
    if contact.draft.custom.is_empty() {
        return ().into_any();
    }
    let values: Vec<_> = contact
        .draft
        .custom
        .iter()
        .map(|(name, value)| view! { <dt>{name.clone()}</dt><dd class="as-typed">{value.clone()}</dd> })
        .collect();
    view! {
        <section class="card" aria-labelledby="custom">
            <header><h2 id="custom">"Custom fields"</h2></header>
            <dl class="kv body">{values}</dl>
        </section>
    }
    .into_any()
}
