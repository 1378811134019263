//! What each role may do: the table that the server enforces, read from the same function.

use leptos::prelude::*;
use switchboard::{
    org::Role,
    resource::{Action, Kind},
};

use crate::viewer;

/// A permission in words; nothing where no part of the product asks for it.
pub const fn deed(action: Action, kind: Kind) -> Option<&'static str> {
    use Action::{Create, Delete, Read, Update};
    match (kind, action) {
        (Kind::Agent, Read) => Some("See agents and their versions"),
        (Kind::Agent, Create) => Some("Create and duplicate agents"),
        (Kind::Agent, Update) => Some("Edit and publish agents"),
        (Kind::Agent, Delete) => Some("Delete agents"),
        (Kind::Call, Read) => Some("See calls, transcripts and recordings"),
        (Kind::Call, Create) => Some("Place calls"),
        (Kind::Call, Update) => Some("End calls"),
        (Kind::Call, Delete) => Some("Delete calls"),
        (Kind::Voice, Read) => Some("See and hear voices"),
        (Kind::ApiKey, Read) => Some("See API keys"),
        (Kind::ApiKey, Create) => Some("Create API keys"),
        (Kind::ApiKey, Delete) => Some("Revoke API keys"),
        (Kind::Member, Read) => Some("See members"),
        (Kind::Member, Create) => Some("Invite people"),
        (Kind::Member, Update) => Some("Change roles"),
        (Kind::Member, Delete) => Some("Remove members, withdraw invitations"),
        (Kind::Organization, Read) => Some("See the organization"),
        (Kind::Credit, Read) => Some("See the balance"),
        (Kind::Audit, Read) => Some("Read the audit log"),
        (Kind::Report, Read) => Some("Read reports of isolation"),
        (Kind::Report, Create) => Some("Run and publish reports"),
        (Kind::Voice | Kind::Credit | Kind::Audit, Create | Update | Delete)
        | (Kind::ApiKey, Update)
        | (Kind::Report, Update | Delete)
        | (Kind::Organization, Create | Update | Delete) => None,
    }
}

pub fn matrix() -> AnyView {
    let mine = viewer().place.map(|place| place.role);
    let you = move |role: Role| if mine == Some(role) { " you" } else { "" };
    let heads = Role::ALL.map(|role| {
        let words = if mine == Some(role) {
            format!("{} (you)", role.label())
        } else {
            role.label().to_owned()
        };
        view! { <th scope="col" class=format!("role{}", you(role)) title=role.purpose()>{words}</th> }
    });
    let groups = Kind::ALL.map(|kind| {
        let rows = Action::ALL
            .into_iter()
            .filter_map(|action| Some((action, deed(action, kind)?)))
            .map(|(action, words)| {
                let cells = Role::ALL.map(|role| {
                    let (class, word) = if role.permits(action, kind) {
                        ("p y", "Yes")
                    } else {
                        ("p n", "No")
                    };
                    view! { <td class=format!("{class}{}", you(role))>{word}</td> }
                });
                view! {
                    <tr>
                        <th scope="row" class="pinned">{words}</th>
                        {cells.into_iter().collect_view()}
                    </tr>
                }
            })
            .collect_view();
        view! {
            <tr class="g"><th scope="colgroup" colspan="7">{kind.plural()}</th></tr>
            {rows}
        }
    });
    view! {
        <section class="card" id="roles" aria-labelledby="roles-title">
            <header>
                <h2 id="roles-title">"What each role may do"</h2>
                <span class="sub">"This table is the one the server enforces. Nobody hands out more than they hold."</span>
            </header>
            <div class="table-wrap scroll pin" tabindex="0" role="region" aria-label="Permissions by role">
                <table class="table snug matrix">
                    <thead>
                        <tr><th scope="col" class="pinned">"Permission"</th>{heads.into_iter().collect_view()}</tr>
                    </thead>
                    <tbody>{groups.into_iter().collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_a_role_can_be_told_apart_by_is_in_the_table() {
        for a in Role::ALL {
            for b in Role::ALL {
                let differ = |shown: bool| {
                    Kind::ALL.into_iter().any(|kind| {
                        Action::ALL.into_iter().any(|action| {
                            a.permits(action, kind) != b.permits(action, kind)
                                && (!shown || deed(action, kind).is_some())
                        })
                    })
                };
                // Owners alone govern owners; that is not an action on a kind.
                let both_run_it = matches!((a, b), (Role::Owner, Role::Admin) | (Role::Admin, Role::Owner));
                assert!(both_run_it || differ(true) == differ(false), "{a:?} {b:?}");
            }
        }
    }
}
