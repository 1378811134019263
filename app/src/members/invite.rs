//! Inviting: an address and a role. The role says what it is for while it is chosen.

use leptos::prelude::*;
use switchboard::org::Role;

use super::InviteMember;
use crate::{
    kit::{Form, OrgField, Select, Sending, Submit, TextField, dynamic},
    viewer,
};

/// Roles this person may hand out.
pub fn roles_to_give() -> Vec<Role> {
    let mine = viewer().place.map(|place| place.role);
    Role::ALL
        .into_iter()
        .filter(|role| mine.is_some_and(|mine| mine.governs(*role)))
        .collect()
}

/// Every invitation sent empties the form.
pub fn invite(action: Sending<InviteMember>) -> AnyView {
    let org = viewer()
        .place
        .map_or_else(|| "this organization".to_owned(), |place| place.name);
    let lead = format!("They join {org} only. The link works once, for 7 days.");
    let role = RwSignal::new(Role::Developer.word().to_owned());
    let options = roles_to_give()
        .into_iter()
        .map(|role| (role.word().to_owned(), role.label().to_owned()))
        .collect::<Vec<_>>();
    let purpose = move || role.with(|word| word.parse().map(Role::purpose).unwrap_or_default());
    let address = dynamic(move || {
        action.done();
        view! { <TextField path="email" name="draft[email]" label="Email" kind="email" autocomplete="off" placeholder="ada@example.com"/> }
            .into_any()
    });
    view! {
        <section class="card" aria-labelledby="invite">
            <header><h2 id="invite">"Invite somebody"</h2><span class="sub">{lead}</span></header>
            <div class="body">
                <Form action=action>
                    <OrgField/>
                    <div class="invite">
                        {address}
                        <Select path="role" name="draft[role]" label="Role" options=options value=role on_change=move |chosen| role.set(chosen)/>
                        <Submit label="Invite"/>
                    </div>
                    <p class="small muted" aria-live="polite">{purpose}</p>
                </Form>
            </div>
        </section>
    }
    .into_any()
}
