//! The members of the organization, the invitations that wait, and the roles.

use leptos::{prelude::*, task::spawn_local};
use switchboard::{
    org::{Invitation, Member, OrgId, Permissions, Role, UserId, initials},
    resource::{Action, Kind},
};
use wasm_bindgen::JsCast;

use super::{
    InviteMember, RevokeInvitation, SetRole,
    invite::{invite, roles_to_give},
    list_invitations, list_members, remove_member,
    roles::matrix,
    set_role, their_keys,
};
use crate::{
    kit::{
        Ago, BareForm, Day, Loading, OrgField, PageHead, Question, Sending, Sent, StatusDot, Toast, ToastList,
        date_words, dynamic, effect, error_banner, icon, loaded, reactive_bool, skeleton_rows, status_dot, use_confirm,
        use_live, use_toasts,
    },
    may, org,
    orgs::leave_button,
    viewer,
};

/// What the parts of this page share.
#[derive(Clone, Copy)]
struct Team {
    members: Loading<Vec<Member>>,
    set_role: Sending<SetRole>,
    revoke: Sending<RevokeInvitation>,
}

#[component]
pub fn MembersPage() -> impl IntoView {
    let here = StoredValue::new(org());
    let inviting = Sending::<InviteMember>::new();
    let (set_role, revoke) = (Sending::<SetRole>::new(), Sending::<RevokeInvitation>::new());
    let live = use_live(Kind::Member);
    let members = Loading::new(
        move || (set_role.ended(), live.get()),
        move |_| list_members(here.get_value()),
    );
    let waiting = Loading::new(
        move || (inviting.done() + revoke.ended(), live.get()),
        move |_| list_invitations(here.get_value()),
    );
    let team = Team {
        members,
        set_role,
        revoke,
    };
    say_when(set_role, "Role changed", "It counts from that person’s next click.");
    say_when(inviting, "Invited", "The link in their mail works once, for 7 days.");
    say_when(revoke, "Invitation withdrawn", "Its link no longer works.");

    let personal = viewer().org_id().is_some_and(switchboard::org::OrgId::is_personal);
    let sub = if personal {
        "A personal workspace has one member. Create an organization to work with others."
    } else {
        "A change of role counts from the next click of that person."
    };
    view! {
        <PageHead title="Members" sub=move || sub/>
        {refused(set_role)}
        {refused(revoke)}
        {(!personal && may(Action::Create, Kind::Member)).then(|| invite(inviting))}
        {loaded(members, "members", skeleton_rows, move |members| people(team, members))}
        {loaded(waiting, "invitations", || ().into_any(), move |waiting| invitations(team, waiting))}
        {matrix()}
    }
}

fn say_when(action: impl Into<Sent>, text: &'static str, detail: &'static str) {
    let (action, toasts) = (action.into(), use_toasts());
    effect(move || {
        if action.done() > 0 {
            toasts.say(Toast::done(text).detail(detail));
        }
    });
}

fn refused(action: impl Into<Sent>) -> AnyView {
    let action = action.into();
    dynamic(move || action.failure().map(|error| error_banner(&error.0)).into_any())
}

fn people(team: Team, members: Vec<Member>) -> AnyView {
    let count = members.len();
    let me = viewer().person.map(|person| person.id);
    let rows = members
        .into_iter()
        .map(|member| person(team, member, me.as_ref()))
        .collect_view();
    view! {
        <section class="card" aria-labelledby="people">
            <header><h2 id="people">"People"</h2><span class="sub">{count}</span></header>
            <div class="table-wrap flat">
                <table class="table cards">
                    <caption class="sr">"Members"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Person"</th>
                            <th scope="col">"Role"</th>
                            <th scope="col" class="lo">"Active"</th>
                            <th scope="col" class="lo2">"Member since"</th>
                            <th scope="col"><span class="sr">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn person(team: Team, member: Member, me: Option<&UserId>) -> AnyView {
    let you = me == Some(&member.user_id);
    let active = member
        .used_at
        .map_or_else(|| "not yet".into_any(), |at| view! { <Ago at=at/> }.into_any());
    view! {
        <tr>
            <th scope="row">
                <span class="who">
                    <span class="avatar" aria-hidden="true">{initials(&member.name)}</span>
                    <span>
                        {member.name.clone()}
                        {you.then(|| view! { " " <span class="badge">"You"</span> })}
                        <small>{member.email.clone()}</small>
                    </span>
                </span>
            </th>
            <td>{role(team, &member, you)}</td>
            <td class="lo" data-l="Active">{active}</td>
            <td class="lo2"><Day at=member.joined_at/></td>
            <td class="tight more">{if you { leave_button("Leave".to_owned()) } else { remove(team, &member) }}</td>
        </tr>
    }
    .into_any()
}

/// A choice where this person may change it, a word where not.
fn role(team: Team, member: &Member, you: bool) -> AnyView {
    let may_change = may(Action::Update, Kind::Member) && roles_to_give().contains(&member.role) && !you;
    if !may_change {
        return view! { <span>{member.role.label()}</span> }.into_any();
    }
    let now = member.role;
    let (id, label) = (member.user_id.to_string(), format!("Role of {}", member.name));
    let options = roles_to_give()
        .into_iter()
        .map(|role: Role| {
            // The attribute counts only until somebody has chosen; what is so since then is said by the property.
            view! {
                <option value=role.word() selected=role == now prop:selected=reactive_bool(move || role == now) title=role.purpose()>
                    {role.label()}
                </option>
            }
        })
        .collect_view();
    let (confirm, toasts) = (use_confirm(), use_toasts());
    let (member_id, name) = (member.user_id.clone(), member.name.clone());
    let changed = move |event: web_sys::Event| {
        let Some(select) = event.target().map(JsCast::unchecked_into::<web_sys::HtmlSelectElement>) else {
            return;
        };
        let (Some(form), Ok(becomes)) = (select.form(), select.value().parse::<Role>()) else {
            return;
        };
        if Permissions::of_role(now).within(Permissions::of_role(becomes)) {
            let _ = form.request_submit();
            return;
        }
        // Until it is confirmed the choice says what is so.
        select.set_value(now.word());
        let (here, id, name) = (org(), member_id.clone(), name.clone());
        let keys = their_keys::told(here.clone(), id.clone(), Some(becomes));
        spawn_local(async move {
            let keys = keys.await;
            confirm.ask(demotion(team, toasts, (here, id, name), becomes, &keys));
        });
    };
    view! {
        <BareForm action=team.set_role>
            <OrgField/>
            <input type="hidden" name="member" value=id/>
            <span class="select sm">
                <select name="role" aria-label=label on:change=changed>{options}</select>
                {icon("down")}
            </span>
            <noscript inner_html="<button type=\"submit\" class=\"btn sm\">Save role</button>"></noscript>
        </BareForm>
    }
    .into_any()
}

fn demotion(team: Team, toasts: ToastList, of: (OrgId, UserId, String), becomes: Role, keys: &str) -> Question {
    let (here, id, name) = of;
    let run = move || {
        let (here, id) = (here.clone(), id.clone());
        async move {
            set_role(here, id, becomes).await?;
            team.members.refetch();
            toasts.say(Toast::done("Role changed").detail("It counts from that person’s next click."));
            Ok(())
        }
    };
    Question::new(
        format!("Make {name} {}?", becomes.label()),
        format!("{}. It counts from their next click. {keys}", becomes.purpose()).trim_end(),
        "Change role",
        run,
    )
    .keep("Keep the role")
}

fn remove(team: Team, member: &Member) -> AnyView {
    let may_remove = may(Action::Delete, Kind::Member) && roles_to_give().contains(&member.role);
    if !may_remove {
        return ().into_any();
    }
    let confirm = use_confirm();
    let toasts = use_toasts();
    let (id, name) = (member.user_id.clone(), member.name.clone());
    let member_id = id.clone();
    let label = format!("Remove {name}");
    let ask = move |_| {
        let (here, id, gone) = (org(), id.clone(), name.clone());
        let run = move || {
            let (here, id, gone) = (here.clone(), id.clone(), gone.clone());
            async move {
                remove_member(here, id).await?;
                team.members.refetch();
                toasts.say(Toast::done(format!("{gone} has been removed")));
                Ok(())
            }
        };
        let keys = their_keys::told(org(), member_id.clone(), None);
        let name = name.clone();
        spawn_local(async move {
            let keys = keys.await;
            let consequence =
                format!("Their next click is refused. What they made stays. You can invite them again. {keys}");
            let title = format!("Remove {name}?");
            confirm.ask(Question::new(title, consequence.trim_end(), "Remove member", run).keep("Keep them"));
        });
    };
    view! { <button type="button" class="btn icon-only quiet sm" aria-label=label.clone() title=label on:click=ask>{icon("trash")}</button> }
        .into_any()
}

/// What became of the mail, where that is not simply that it has left.
fn state_of_mail(invitation: &Invitation) -> AnyView {
    let installation = viewer().installation;
    match (&invitation.mail_error, invitation.mail_sent_at) {
        (_, Some(_)) => ().into_any(),
        (Some(error), None) => {
            view! { <small class="bad-ink">{format!("The mail has not left: {error}")}</small> }.into_any()
        }
        (None, None) if installation.sends_mail => view! { <small>"The mail is about to leave."</small> }.into_any(),
        (None, None) if installation.dev_mail => {
            view! { <small>"Kept in the " <a href="/dev/mail" rel="external">"development mailbox"</a></small> }
                .into_any()
        }
        (None, None) => {
            view! { <small class="bad-ink">"The mail has not left: this installation sends none."</small> }.into_any()
        }
    }
}

fn invitations(team: Team, waiting: Vec<Invitation>) -> AnyView {
    if waiting.is_empty() {
        return ().into_any();
    }
    let count = waiting.len();
    let may_revoke = may(Action::Delete, Kind::Member);
    let rows = waiting
        .into_iter()
        .map(|invitation| {
            let mail = state_of_mail(&invitation);
            let by = invitation.invited_by.map(|by| format!(" by {by}")).unwrap_or_default();
            let withdraw = may_revoke.then(|| {
                let id = invitation.id.to_string();
                let label = format!("Withdraw the invitation of {}", invitation.email);
                view! {
                    <BareForm action=team.revoke>
                        <OrgField/>
                        <button type="submit" class="btn sm danger" name="invitation" value=id aria-label=label>
                            "Withdraw"
                        </button>
                    </BareForm>
                }
            });
            view! {
                <div>
                    {status_dot(StatusDot::Wait, "Waiting")}
                    <span class="grow">
                        <b>{invitation.email}</b>
                        <small>
                            {format!("{} · invited{by} ", invitation.role.label())}
                            <Ago at=invitation.created_at/>
                            {format!(" · expires {}", date_words(invitation.expires_at))}
                        </small>
                        {mail}
                    </span>
                    {withdraw}
                </div>
            }
        })
        .collect_view();
    view! {
        <section class="card" aria-labelledby="waiting">
            <header><h2 id="waiting">"Invitations"</h2><span class="sub">{count}</span></header>
            <div class="rows">{rows}</div>
        </section>
    }
    .into_any()
}
