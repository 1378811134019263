//! Choosing an organization. Entering one is a form that ends in a full load: nothing of the old one stays on screen.

use leptos::prelude::*;
use switchboard::org::{Choice, Cord, Offer, OrgId, initials};

use super::{AcceptOffer, CreateOrg, DeclineOffer, Places, SwitchOrg, cords::cords, list_places};
use crate::{
    AppError,
    account::{activate, is_clerk, plain_page, script, way},
    kit::{Ago, Form, Lamp, Loading, Submit, TextField, date_words, icon, lamp, loaded, skeleton_rows},
    viewer,
};

#[component]
pub fn SelectOrgPage() -> impl IntoView {
    let places: Loading<Places> = Resource::new(|| (), |()| list_places());
    let doors = Doors {
        switch: ServerAction::new(),
        create: ServerAction::new(),
        accept: ServerAction::new(),
        decline: ServerAction::new(),
        next: way::asked("next"),
    };
    doors.follow_clerk();
    let content = move |places: Places| {
        view! {
            {organizations(doors, places.choices)}
            {invitations(doors, places.offers)}
        }
        .into_any()
    };
    let body = view! {
        {refused(doors)}
        {loaded(places, "organizations", skeleton_rows, content)}
        <div class="cols">
            {found(doors)}
            {personal(doors)}
        </div>
        {script(|_| ())}
    };
    plain_page(
        "Where do you want to work?",
        "Agents, calls and credits belong to the organization you pick. You can switch at any time from the top left.",
        body,
    )
}

/// The ways into a place.
#[derive(Clone, Copy)]
struct Doors {
    switch: ServerAction<SwitchOrg>,
    create: ServerAction<CreateOrg>,
    accept: ServerAction<AcceptOffer>,
    decline: ServerAction<DeclineOffer>,
    next: Memo<String>,
}

impl Doors {
    /// With Clerk the server only makes the place; its script takes the session there.
    fn follow_clerk(self) {
        if !is_clerk() {
            return;
        }
        let made = move |value: Option<Result<OrgId, AppError>>| value.and_then(Result::ok);
        Effect::new(move |_| {
            let place = made(self.create.value().get()).or_else(|| made(self.accept.value().get()));
            if let Some(place) = place {
                self.enter_clerk(place);
            }
        });
        Effect::new(move |_| {
            if matches!(self.switch.value().get(), Some(Ok(()))) {
                activate(None, self.next.get_untracked(), || ());
            }
        });
    }

    fn enter_clerk(self, place: OrgId) {
        activate(Some(place.to_string()), self.next.get_untracked(), || ());
    }
}

/// What stands above the forms when one of those without fields was refused.
fn refused(doors: Doors) -> AnyView {
    let why = move || {
        let switch = doors.switch.value().get().and_then(Result::err);
        let accept = doors.accept.value().get().and_then(Result::err);
        let decline = doors.decline.value().get().and_then(Result::err);
        switch.or(accept).or(decline).map(|error| crate::kit::banner(&error.0))
    };
    why.into_any()
}

fn organizations(doors: Doors, choices: Vec<Choice>) -> AnyView {
    if choices.is_empty() {
        return view! {
            <section class="card" aria-labelledby="orgs">
                <header><h2 id="orgs">"Your organizations"</h2></header>
                <p class="body s13 ink2">"None yet. Create one for your team below, or ask a colleague to invite you."</p>
            </section>
        }
        .into_any();
    }
    let count = choices.len();
    let here = viewer().place.map(|place| place.org_id);
    let rows = choices
        .into_iter()
        .enumerate()
        .map(|(i, choice)| {
            let mark = if here.as_ref() == Some(&choice.org_id) {
                Some("You are here")
            } else {
                (i == 0 && here.is_none() && choice.used_at.is_some()).then_some("Last used")
            };
            let cord = choice.cord.word();
            view! { <li data-cord=cord>{row(doors, choice, mark)}</li> }
        })
        .collect_view();
    let list = view! { <ul class="orglist">{rows}</ul> };
    // With Clerk each button moves the session itself; a form would ask us, who cannot.
    let list = if is_clerk() {
        list.into_any()
    } else {
        view! { <ActionForm action=doors.switch>{way::next_field()}{list}</ActionForm> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="orgs">
            <header><h2 id="orgs">"Your organizations"</h2><span class="sub">{count}</span></header>
            {list}
        </section>
    }
    .into_any()
}

fn row(doors: Doors, choice: Choice, mark: Option<&'static str>) -> AnyView {
    let id = choice.org_id.clone();
    let kind = if is_clerk() { "button" } else { "submit" };
    let people = match choice.members {
        1 => "only you".to_owned(),
        n => format!("{n} members"),
    };
    view! {
        <button type=kind class="orgrow" name="place" value=choice.org_id.to_string()
            on:click=move |_| {
                if is_clerk() {
                    doors.enter_clerk(id.clone());
                }
            }>
            <span class="jack lg" aria-hidden="true">{initials(&choice.name)}</span>
            <span>
                <b>{choice.name.clone()}</b>
                {mark.map(|mark| view! { " " <span class="badge">{mark}</span> })}
                <br/>
                <small>
                    {format!("{} · {people}", choice.role.label())}
                    {choice.used_at.map(|at| view! { " · last opened " <Ago at=at/> })}
                </small>
            </span>
            <span class="go">{icon("right")}</span>
        </button>
    }
    .into_any()
}

fn invitations(doors: Doors, offers: Vec<Offer>) -> AnyView {
    if offers.is_empty() {
        return ().into_any();
    }
    let count = offers.len();
    let rows = offers.into_iter().map(|offer| invitation(doors, offer)).collect_view();
    view! {
        <section class="card" aria-labelledby="offers">
            <header><h2 id="offers">"Invitations"</h2><span class="sub">{count}</span></header>
            <div class="rows">{rows}</div>
        </section>
    }
    .into_any()
}

fn invitation(doors: Doors, offer: Offer) -> AnyView {
    let by = offer.invited_by.unwrap_or_else(|| "Somebody".to_owned());
    let (yes, no) = (offer.id.to_string(), offer.id.to_string());
    let name = offer.org_name;
    let (join, decline) = (format!("Join {name}"), format!("Decline {name}"));
    view! {
        <div data-cord=offer.cord.word()>
            <span class="jack" aria-hidden="true">{initials(&name)}</span>
            <span class="grow">
                <b>{name.clone()}</b>
                <small>{format!("{by} invited you as {}. Expires {}.", offer.role.label(), date_words(offer.expires_at))}</small>
            </span>
            <span class="cluster">
                <ActionForm action=doors.decline>
                    <button type="submit" class="btn quiet sm" name="offer" value=no aria-label=decline>"Decline"</button>
                </ActionForm>
                <ActionForm action=doors.accept>
                    <button type="submit" class="btn sm" name="offer" value=yes aria-label=join
                        aria-busy=move || doors.accept.pending().get().to_string()>"Join"</button>
                </ActionForm>
            </span>
        </div>
    }
    .into_any()
}

fn found(doors: Doors) -> AnyView {
    view! {
        <section class="card" aria-labelledby="found">
            <div class="body stack s2">
                <h2 id="found">"New organization"</h2>
                <Form action=doors.create>
                    {way::next_field()}
                    <TextField path="name" name="draft[name]" label="Name" placeholder="As your team knows it" autocomplete="organization"/>
                    {cords("draft[cord]", Cord::default())}
                    <Submit label="Create organization" class="btn primary block"/>
                </Form>
            </div>
        </section>
    }
    .into_any()
}

fn personal(doors: Doors) -> AnyView {
    let place = viewer().person.map(|person| OrgId::personal(&person.id));
    let here = viewer().place.is_some_and(|there| Some(there.org_id) == place);
    view! {
        <section class="card" data-cord="slate" aria-labelledby="personal">
            <div class="body stack s2">
                <h2 id="personal">"Personal workspace"</h2>
                <p class="s13 ink2">"Only you. Good for trying an agent before your team sees it. It has its own credits and its own data."</p>
                {here.then(|| lamp(Lamp::Done, "You are here"))}
                <ActionForm action=doors.switch>
                    {way::next_field()}
                    <input type="hidden" name="place" value=place.map(|place| place.to_string())/>
                    <button type="submit" class="btn" aria-busy=move || doors.switch.pending().get().to_string()>"Open personal workspace"</button>
                </ActionForm>
            </div>
        </section>
    }
    .into_any()
}
