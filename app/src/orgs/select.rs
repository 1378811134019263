//! Choosing an organization. Entering one is a form that ends in a full load: nothing of the old one stays on screen.

use leptos::prelude::*;
use switchboard::org::{InvitationPreview, OrgColor, OrgId, OrgMembership, initials};

use super::{AcceptOffer, CreateOrg, DeclineOffer, Places, SwitchOrg, colors::colors, list_places};
use crate::{
    account::{activate, is_clerk, plain_page, return_to, script},
    kit::{
        Ago, BareForm, Form, Loading, Sending, StatusDot, Submit, TextField, aria_bool, browser_zone, date_words,
        dynamic, effect, error_banner, icon, loaded, skeleton_rows, status_dot,
    },
    viewer,
};

#[component]
pub fn SelectOrgPage() -> impl IntoView {
    let places = Loading::new(|| (), |()| list_places());
    let doors = Doors {
        switch: Sending::new(),
        create: Sending::new(),
        accept: Sending::new(),
        decline: Sending::new(),
        next: return_to::query_param("next"),
        stuck: RwSignal::new(false),
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
    switch: Sending<SwitchOrg>,
    create: Sending<CreateOrg>,
    accept: Sending<AcceptOffer>,
    decline: Sending<DeclineOffer>,
    next: Memo<String>,
    /// Clerk did not take its session where the person wants to be.
    stuck: RwSignal<bool>,
}

impl Doors {
    /// With Clerk the server only makes the place; its script takes the session there.
    fn follow_clerk(self) {
        if !is_clerk() {
            return;
        }
        effect(move || {
            if let Some(place) = self.create.answer().or_else(|| self.accept.answer()) {
                self.enter_clerk(place);
            }
        });
        effect(move || {
            if self.switch.done() > 0 {
                activate(None, self.next.get_untracked(), move || self.stuck.set(true));
            }
        });
    }

    fn enter_clerk(self, place: OrgId) {
        activate(Some(place.to_string()), self.next.get_untracked(), move || {
            self.stuck.set(true)
        });
    }
}

/// What stands above the forms when one of those without fields was refused.
fn refused(doors: Doors) -> AnyView {
    let failure = move || {
        doors
            .switch
            .failure()
            .or(doors.accept.failure())
            .or(doors.decline.failure())
    };
    dynamic(move || {
        let stuck = doors.stuck.get().then(|| {
            view! {
                <div class="banner boxed" data-kind="fault" role="alert">
                    {status_dot(StatusDot::Fail, "Clerk")}
                    <p>"Clerk did not take you there, so you are where you were. Reload this page and choose again; what you created is in the list."</p>
                    <a class="btn sm" href="" rel="external">"Reload"</a>
                </div>
            }
        });
        view! { {stuck}{failure().map(|error| error_banner(&error.0))} }.into_any()
    })
}

fn organizations(doors: Doors, choices: Vec<OrgMembership>) -> AnyView {
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
            let color = choice.color.word();
            view! { <li data-color=color>{row(doors, choice, mark)}</li> }
        })
        .collect_view();
    let list = view! { <ul class="orglist">{rows}</ul> };
    // With Clerk each button moves the session itself; a form would ask us, who cannot.
    let list = if is_clerk() {
        list.into_any()
    } else {
        view! { <BareForm action=doors.switch>{return_to::next_field()}{list}</BareForm> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="orgs">
            <header><h2 id="orgs">"Your organizations"</h2><span class="sub">{count}</span></header>
            {list}
        </section>
    }
    .into_any()
}

fn row(doors: Doors, choice: OrgMembership, mark: Option<&'static str>) -> AnyView {
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

fn invitations(doors: Doors, offers: Vec<InvitationPreview>) -> AnyView {
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

fn invitation(doors: Doors, offer: InvitationPreview) -> AnyView {
    let by = offer.invited_by.unwrap_or_else(|| "Somebody".to_owned());
    let (yes, no) = (offer.id.to_string(), offer.id.to_string());
    let name = offer.org_name;
    let (join, decline) = (format!("Join {name}"), format!("Decline {name}"));
    view! {
        <div data-color=offer.color.word()>
            <span class="jack" aria-hidden="true">{initials(&name)}</span>
            <span class="grow">
                <b>{name.clone()}</b>
                <small>{format!("{by} invited you as {}. Expires {}.", offer.role.label(), date_words(offer.expires_at))}</small>
            </span>
            <span class="cluster">
                <BareForm action=doors.decline>
                    <button type="submit" class="btn quiet sm" name="offer" value=no aria-label=decline>"Decline"</button>
                </BareForm>
                <BareForm action=doors.accept>
                    <button type="submit" class="btn sm" name="offer" value=yes aria-label=join
                        aria-busy=aria_bool(move || doors.accept.pending())>"Join"</button>
                </BareForm>
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
                    {return_to::next_field()}
                    <TextField path="name" name="draft[name]" label="Name" placeholder="As your team knows it" autocomplete="organization"/>
                    {colors("draft[color]", OrgColor::default())}
                    {browser_zone("draft[time_zone]")}
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
        <section class="card" data-color="slate" aria-labelledby="personal">
            <div class="body stack s2">
                <h2 id="personal">"Personal workspace"</h2>
                <p class="s13 ink2">"Only you. Good for trying an agent before your team sees it. It has its own credits and its own data."</p>
                {here.then(|| status_dot(StatusDot::Done, "You are here"))}
                <BareForm action=doors.switch>
                    {return_to::next_field()}
                    <input type="hidden" name="place" value=place.map(|place| place.to_string())/>
                    <button type="submit" class="btn" aria-busy=aria_bool(move || doors.switch.pending())>"Open personal workspace"</button>
                </BareForm>
            </div>
        </section>
    }
    .into_any()
}
