//! What each role may do: the table that the server enforces, read from the same function.

use leptos::prelude::*;
use switchboard::{
    org::Role,
    resource::{Action, Kind},
};

use crate::viewer;

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
    let groups = Kind::ALL.iter().map(|&kind| {
        let rows = Action::ALL
            .into_iter()
            .filter_map(|action| Some((action, kind.about().permissions.label(action)?)))
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
                    <tbody>{groups.collect_view()}</tbody>
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
                    Kind::ALL.iter().any(|&kind| {
                        Action::ALL.into_iter().any(|action| {
                            a.permits(action, kind) != b.permits(action, kind)
                                && (!shown || kind.about().permissions.label(action).is_some())
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
