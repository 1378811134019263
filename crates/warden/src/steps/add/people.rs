//! People: the one organization of each, noted once and kept to the end.

use super::step;
use crate::{
    name::{Name, list, literal, quoted},
    plan::{Plan, Source},
    steps::{Done, Step, Work, answer::Answers, look},
};

/// The one organization of each person. It is settled when it is first known, and stays so until the end: rows that are
/// filled already would not move with a person who does.
pub(super) fn users(plan: &Plan) -> Vec<Step> {
    let answers = Answers(plan);
    let users = &plan.users;
    let (table, from, user, columns) = match &users.source {
        Source::Personal => return Vec::new(),
        Source::Membership {
            table,
            user,
            organization,
        } => {
            let from = format!(
                "select m.{} as user_key, {} as org from {} m",
                quoted(user),
                answers.of_organization(organization, "m"),
                table.sql()
            );
            (
                table,
                from,
                user,
                std::iter::once(user)
                    .chain(&organization.columns)
                    .cloned()
                    .collect::<Vec<_>>(),
            )
        }
        Source::Column { organization } => {
            let from = format!(
                "select m.{} as user_key, {} as org from {} m",
                quoted(&users.key),
                answers.of_organization(organization, "m"),
                users.table.sql()
            );
            (&users.table, from, &users.key, organization.columns.clone())
        }
    };
    let settle = |only: &str| {
        format!(
            "insert into warden.user_org (user_key, org)
             select s.user_key, (array_agg(s.org))[1] from ({from}{only}) s
             where s.user_key is not null and s.org is not null
             group by s.user_key having count(distinct s.org) = 1
             on conflict do nothing"
        )
    };
    let mut statements = vec![
        format!("create table warden.user_org (user_key {} primary key, org {} not null)", users.r#type, answers.kind()),
        format!(
            "create function warden.settle_user() returns trigger language plpgsql security definer set search_path = pg_catalog
             set row_security = off as $$ begin {}; return null; end $$",
            settle(&format!(" where m.{} = new.{}", quoted(user), quoted(user)))
        ),
        // Whoever is writing memberships is waited for here, so nobody slips between the trigger and the look around.
        format!(
            "create trigger warden_settle after insert or update of {} on {} for each row execute function warden.settle_user()",
            list(&columns),
            table.sql()
        ),
    ];
    for (user, org) in &users.assigned {
        statements.push(format!(
            "insert into warden.user_org values ({}::{}, {})",
            literal(user),
            users.r#type,
            answers.organization(org)
        ));
    }
    let noted = Step {
        work: Work::Together(statements),
        done: Done::Catalog(look::relation(&Name::new("warden", "user_org"))),
        undo: Work::Together(vec![
            format!("drop trigger if exists warden_settle on {}", table.sql()),
            "drop function if exists warden.settle_user()".to_owned(),
            "drop table if exists warden.user_org".to_owned(),
        ]),
        makes: vec![(table.clone(), "warden_settle".to_owned())],
        ..step(
            "users".to_owned(),
            Some(table),
            "notes the one organization of each person from now on".to_owned(),
            "SHARE ROW EXCLUSIVE",
        )
    };
    let settled = Step {
        work: Work::Together(vec![settle("")]),
        done: Done::Journal,
        ..step(
            "users settled".to_owned(),
            Some(table),
            "notes the one organization of each person who is there".to_owned(),
            "",
        )
    };
    vec![noted, settled]
}
