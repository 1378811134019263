//! The organization itself: its name, its colour, its time zone, and the way out of it.

use leptos::prelude::*;
use switchboard::{
    org::Organization,
    resource::{Action, Kind},
};

use super::{
    UpdateOrganization,
    colors::{colors, label},
    dispositions::dispositions,
    leave::leave_button,
    read_organization,
};
use crate::{
    account::{is_clerk, return_to},
    kit::{
        Copy, Form, Loading, OrgField, PageHead, Sending, StatusDot, Submit, TextField, When, ZoneField, loaded,
        skeleton_rows, status_dot,
    },
    may, org, viewer,
};

#[component]
pub fn OrganizationPage() -> impl IntoView {
    let here = StoredValue::new(org());
    let saving = Sending::<UpdateOrganization>::new();
    // A save that is refused leaves what was typed; one that is done draws the page anew.
    let organization = Loading::new(|| (), move |()| read_organization(here.get_value()));
    let content = move |organization: Organization| {
        let decided = if may(Action::Update, Kind::Organization) {
            form(saving, &organization)
        } else {
            facts(&organization)
        };
        view! {
            <div class="split">
                {decided}
                <div class="stack">
                    {identity(&organization)}
                    {way_out()}
                </div>
            </div>
        }
        .into_any()
    };
    let dispositions = dispositions();
    view! {
        <PageHead title="Organization" sub=move || "What everybody in it sees: what it is called, how it is marked, and which time its clocks show."/>
        {saved()}
        {loaded(organization, "organization", skeleton_rows, content)}
        {dispositions}
    }
}

/// Says that the form on this page has been saved: the page is drawn anew with what is so now.
fn saved() -> AnyView {
    let changed = return_to::query_param("changed");
    let banner = move || {
        (!changed.get().is_empty()).then(|| {
            view! {
                <div class="banner boxed" data-kind="info" role="status">
                    {status_dot(StatusDot::Done, "Saved")}
                    <p>"Everybody in this organization sees it from their next page on."</p>
                </div>
            }
        })
    };
    banner.into_any()
}

fn form(saving: Sending<UpdateOrganization>, organization: &Organization) -> AnyView {
    let zone = RwSignal::new(organization.time_zone.to_string());
    let (name, color, revision) = (
        organization.name.clone(),
        organization.color,
        organization.revision.to_string(),
    );
    let kept_by = name_is_kept_by(organization);
    view! {
        <section class="card" aria-labelledby="decided">
            <header><h2 id="decided">"Name, colour and time zone"</h2></header>
            <div class="body">
                <Form action=saving>
                    <OrgField/>
                    <input type="hidden" name="revision" value=revision/>
                    {name_field(name, kept_by)}
                    {colors("draft[color]", color)}
                    <ZoneField path="time_zone" name="draft[time_zone]" value=zone on_input=Callback::new(move |typed| zone.set(typed)) offer_own=true
                        help="Times and days are written in it for everybody who has chosen none of their own in their profile."/>
                    <div class="cluster"><Submit label="Save changes"/></div>
                </Form>
            </div>
        </section>
    }
    .into_any()
}

/// The field, or the name and where it is changed. The form sends it either way: a draft is whole.
fn name_field(name: String, kept_by: Option<&'static str>) -> AnyView {
    match kept_by {
        None => {
            view! { <TextField path="name" name="draft[name]" label="Name" value=name autocomplete="organization"/> }
                .into_any()
        }
        Some(why) => view! {
            <div class="field">
                <span class="label">"Name"</span>
                <p><b>{name.clone()}</b></p>
                <p class="help">{why}</p>
                <input type="hidden" name="draft[name]" value=name/>
            </div>
        }
        .into_any(),
    }
}

fn name_is_kept_by(organization: &Organization) -> Option<&'static str> {
    if organization.personal {
        Some("A personal workspace has the name of its person.")
    } else if is_clerk() {
        Some("It is renamed at Clerk, in its organization profile, and has the new name here a moment later.")
    } else {
        None
    }
}

fn facts(organization: &Organization) -> AnyView {
    view! {
        <section class="card" aria-labelledby="decided">
            <header><h2 id="decided">"Name, colour and time zone"</h2></header>
            <dl class="body kv">
                <dt>"Name"</dt>
                <dd>{organization.name.clone()}</dd>
                <dt>"Colour"</dt>
                <dd>{label(organization.color)}</dd>
                <dt>"Time zone"</dt>
                <dd>{organization.time_zone.words()}</dd>
            </dl>
            <footer>"Owners and admins can change them."</footer>
        </section>
    }
    .into_any()
}

fn identity(organization: &Organization) -> AnyView {
    let id = organization.id.to_string();
    let kind = if organization.personal {
        "Personal workspace"
    } else {
        "Organization"
    };
    let role = viewer().place.map(|place| place.role);
    let role = role.map(|role| view! { <dt>"Your role"</dt><dd title=role.purpose()>{role.label()}</dd> });
    view! {
        <section class="card" aria-labelledby="identity">
            <header><h2 id="identity">"What it is"</h2></header>
            <dl class="body kv ids">
                <dt>"Kind"</dt>
                <dd>{kind}</dd>
                <dt>"Id"</dt>
                <dd><span class="mono" title=id.clone()>{id.clone()}</span><Copy text=id label="Copy id" icon_only=true/></dd>
                <dt>"Since"</dt>
                <dd><When at=organization.created_at/></dd>
                {role}
            </dl>
        </section>
    }
    .into_any()
}

fn way_out() -> AnyView {
    let place = viewer().place.filter(|place| !place.org_id.is_personal());
    place
        .map(|place| {
            let words = format!(
                "You lose your role in {} at once. Only somebody inside can invite you again.",
                place.name
            );
            view! {
                <section class="card" aria-labelledby="leaving">
                    <header><h2 id="leaving">"Leave"</h2></header>
                    <div class="body stack s2">
                        <p class="s13 ink2">{words}</p>
                        <div>{leave_button(format!("Leave {}", place.name))}</div>
                    </div>
                </section>
            }
        })
        .into_any()
}
