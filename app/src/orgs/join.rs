//! The link of an invitation: says who asks whom to what, and leads whoever may accept it to where they can.

use leptos::prelude::*;
use switchboard::org::{InvitationLink, initials};

use super::{AcceptOffer, DeclineOffer, read_invitation};
use crate::{
    account::{gate, is_clerk, renewal, return_to, sign_out_form},
    kit::{Form, Illustration, Loading, Sending, Submit, date_words, empty, loaded},
    viewer,
};

#[component]
pub fn JoinPage() -> impl IntoView {
    let token = return_to::query_param("token");
    let link = Loading::new(
        move || token.get(),
        |token| async move {
            match read_invitation(token).await {
                // A link that no longer works is an answer, not a failure.
                Err(error) if error.0 == switchboard::Error::NotFound => Ok(None),
                other => other.map(Some),
            }
        },
    );
    let accept = Sending::<AcceptOffer>::new();
    let decline = Sending::<DeclineOffer>::new();
    let content = move |link: Option<InvitationLink>| match link {
        Some(link) => invitation(link, &token.get_untracked(), accept, decline),
        None => empty(
            Illustration::Error,
            "This invitation does not work any more",
            "It has been used or withdrawn, or its seven days are over. Whoever invited you can send a new one.",
            view! { <a class="btn" href="/select-org" rel="external">"Your organizations"</a> },
        ),
    };
    let body = view! {
        {viewer().person.is_some().then(renewal)}
        {loaded(link, "invitation", || ().into_any(), content)}
    };
    gate("You are invited", "An organization wants you to work with it.", body)
}

fn invitation(
    link: InvitationLink,
    token: &str,
    accept: Sending<AcceptOffer>,
    decline: Sending<DeclineOffer>,
) -> AnyView {
    let offer = link.offer;
    let by = offer.invited_by.unwrap_or_else(|| "Somebody".to_owned());
    let head = view! {
        <div class="card" data-color=offer.color.word()>
            <div class="rows">
                <div>
                    <span class="jack lg" aria-hidden="true">{initials(&offer.org_name)}</span>
                    <span class="grow">
                        <b>{offer.org_name.clone()}</b>
                        <small>{format!("{by} invites {} as {}.", link.email, offer.role.label())}</small>
                        <small>{format!("{}. Expires {}.", offer.role.purpose(), date_words(offer.expires_at))}</small>
                    </span>
                </div>
            </div>
        </div>
    };
    let (yes, no) = (offer.id.to_string(), offer.id.to_string());
    let join = format!("Join {}", offer.org_name);
    let next = return_to::with_param("/join", "token", token);
    let way_in = match viewer().person {
        Some(person) if person.email.eq_ignore_ascii_case(&link.email) => view! {
            <Form action=accept>
                <input type="hidden" name="offer" value=yes/>
                <Submit label=join class="btn primary lg block"/>
            </Form>
            <Form action=decline>
                <input type="hidden" name="offer" value=no/>
                <Submit label="Decline" class="btn quiet block"/>
            </Form>
        }
        .into_any(),
        Some(person) => view! {
            <p class="s13">{format!("You are signed in as {}. This invitation is for {}. Sign out to join with that address.", person.email_or_name(), link.email)}</p>
            {sign_out_form("btn block", &next)}
        }
        .into_any(),
        None if link.has_account || is_clerk() => view! {
            <a class="btn primary lg block" href=with_email(return_to::with_param("/sign-in", "next", &next), &link.email)>"Sign in to join"</a>
        }
        .into_any(),
        None => view! {
            <a class="btn primary lg block" href=with_email(return_to::with_param("/sign-up", "next", &next), &link.email)>"Create an account to join"</a>
            <p class="s13 ink2">"Once your address is confirmed, the invitation waits for you."</p>
        }
        .into_any(),
    };
    view! { {head}{way_in} }.into_any()
}

fn with_email(path: String, email: &str) -> String {
    let more = return_to::with_param("", "email", email);
    match path.contains('?') {
        true => format!("{path}&{}", more.trim_start_matches('?')),
        false => format!("{path}{more}"),
    }
}
