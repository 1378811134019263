//! Counts: what the rows say of a draft, and the rules that follow. Where nothing is wrong a rule refuses what is wrong later;
//! where something is, a person decides.

mod told;

use super::{
    Refused,
    answers::{Answers, Question, SEVERAL, lost},
    finding::Finding,
    links::{Link, filled},
    session::Snapshot,
};
use crate::{
    catalog::{ForeignKey, TableKind},
    name::{Name, quoted},
    plan::{Kind, Path},
};
use told::{Told, Verdict};

/// People in no organization, and in several.
pub(super) async fn people(answers: &Answers<'_>, snapshot: &mut Snapshot<'_>) -> Result<Vec<Finding>, Refused> {
    let counts = [
        "count(*)".to_owned(),
        format!("count(*) filter (where {SEVERAL} = 0)"),
        format!("count(*) filter (where {SEVERAL} > 1)"),
    ];
    let figures = snapshot
        .counts(&format!("from {}", answers.of_people()), &counts)
        .await?;
    let [people, none, several] = figures[..] else {
        return Ok(Vec::new());
    };
    let users = &answers.ground.users;
    seen(answers, users, people)?;
    let none_text = match none {
        0 => "Everybody is in an organization.".to_owned(),
        none => format!(
            "{none} of {people} people are in no organization: their rows have no answer, unless users.assigned gives them one."
        ),
    };
    let several_text = match several {
        0 => "Nobody is in several organizations.".to_owned(),
        several => format!(
            "{several} of {people} people are in several organizations: their rows have no answer from them, unless users.assigned gives one."
        ),
    };
    let mut findings = organizations(answers, snapshot).await?;
    findings.extend([
        Finding::new("people-in-none", people, none, none_text).of(users),
        Finding::new("people-in-several", people, several, several_text).of(users),
    ]);
    Ok(findings)
}

/// Organizations that lack the key they should be known by.
async fn organizations(answers: &Answers<'_>, snapshot: &mut Snapshot<'_>) -> Result<Vec<Finding>, Refused> {
    let Some((name, key)) = &answers.ground.organizations else {
        return Ok(Vec::new());
    };
    let counts = [
        "count(*)".to_owned(),
        format!("count(*) filter (where {} is null)", quoted(key)),
    ];
    let figures = snapshot.counts(&format!("from {}", name.sql()), &counts).await?;
    let [rows, unnamed] = figures[..] else {
        return Ok(Vec::new());
    };
    seen(answers, name, rows)?;
    let text = match unnamed {
        0 => format!("Every organization has its {key}."),
        unnamed => format!("{unnamed} of {rows} organizations have no {key}: whoever belongs to them has no answer."),
    };
    Ok(vec![Finding::new("organization-key", rows, unnamed, text).of(name)])
}

/// Everything about the rows of one owned table, in one pass.
pub(super) async fn table(
    answers: &Answers<'_>,
    name: &Name,
    snapshot: &mut Snapshot<'_>,
) -> sqlx::Result<(Verdict, Vec<Finding>)> {
    let mut question = answers.question(name);
    let edges: Vec<(&ForeignKey, String, String)> = answers
        .edges(name)
        .into_iter()
        .map(|key| {
            let path = Path {
                columns: key.columns.clone(),
                to: key.to.clone(),
                references: key.references.clone(),
                when: None,
                unless: Vec::new(),
            };
            let (answer, _) = answers.join(&mut question, &path);
            (key, answer, filled("t", &path))
        })
        .collect();
    let loose = unvouched(answers, name, &question);
    let answer = question.answer();
    let mut counts = vec![
        "count(*)".to_owned(),
        disagreeing(&question),
        format!("count(*) filter (where {answer} is null)"),
        format!(
            "count(*) filter (where {answer} is null and not ({}))",
            takes_any(answers, name)
        ),
        several(&question, &answer),
        inherited(&question, &answer),
    ];
    for (link, found) in &loose {
        let (taken, lost) = lost(link, found);
        counts.extend([taken, lost]);
    }
    for (_, theirs, takes) in &edges {
        counts.push(format!("count(*) filter (where {takes})"));
        counts.push(format!("count(*) filter (where {theirs} <> {answer})"));
    }
    let figures = snapshot.counts(&question.from, &counts).await?;
    let (head, rest) = figures.split_at(6);
    let (orphans, crossing) = rest.split_at(2 * loose.len());
    let mut told = Told::new(name, head, unread(answers, name, head[0]));
    for ((link, _), figures) in loose.iter().zip(orphans.chunks(2)) {
        told.orphans(link, figures[0], figures[1]);
    }
    for ((key, ..), figures) in edges.iter().zip(crossing.chunks(2)) {
        told.crossing(key, figures[0], figures[1]);
    }
    Ok(told.end(question.answers.len()))
}

/// Rows whose answers are not all the same.
fn disagreeing(question: &Question) -> String {
    match question.answers.as_slice() {
        [] | [_] => "0::bigint".to_owned(),
        several => {
            let list = several.join(", ");
            format!("count(*) filter (where greatest({list}) <> least({list}))")
        }
    }
}

/// Rows without an answer of which a person is in several organizations.
fn several(question: &Question, answer: &str) -> String {
    let any: Vec<_> = question
        .people
        .iter()
        .map(|alias| format!("{alias}.{SEVERAL} > 1"))
        .collect();
    match any.is_empty() {
        true => "0::bigint".to_owned(),
        false => format!("count(*) filter (where {answer} is null and ({}))", any.join(" or ")),
    }
}

/// Rows without an answer whose parent is there and has none either.
fn inherited(question: &Question, answer: &str) -> String {
    if question.parents.is_empty() {
        return "0::bigint".to_owned();
    }
    let any: Vec<_> = question
        .parents
        .iter()
        .map(|found| format!("{found} is not null"))
        .collect();
    let mut several: Vec<_> = question
        .people
        .iter()
        .map(|alias| format!("coalesce({alias}.{SEVERAL}, 0) > 1"))
        .collect();
    several.push("false".to_owned());
    format!(
        "count(*) filter (where {answer} is null and ({}) and not ({}))",
        any.join(" or "),
        several.join(" or ")
    )
}

fn takes_any(answers: &Answers<'_>, name: &Name) -> String {
    let ways = answers.draft.ways.get(name);
    let links = ways.into_iter().flat_map(|ways| ways.held.iter().chain(&ways.paths));
    let any: Vec<_> = links.map(|link| format!("({})", filled("t", &link.path))).collect();
    if any.is_empty() {
        "false".to_owned()
    } else {
        any.join(" or ")
    }
}

/// Links that no valid foreign key stands behind, with what tells that nothing is there.
fn unvouched(answers: &Answers<'_>, name: &Name, question: &Question) -> Vec<(Link, String)> {
    let Some(ways) = answers.draft.ways.get(name) else {
        return Vec::new();
    };
    let links = ways.held.iter().chain(&ways.paths);
    links
        .zip(&question.found)
        .filter(|(link, _)| !link.enforced)
        .filter_map(|(link, found)| Some((link.clone(), found.clone()?)))
        .collect()
}

/// Without people and organizations every other count means nothing.
fn seen(answers: &Answers<'_>, name: &Name, rows: u64) -> Result<(), Refused> {
    match unread(answers, name, rows) {
        Some(finding) => Err(Refused::Unread(finding)),
        None => Ok(()),
    }
}

/// A table that has rows by its statistics and of which none was seen: the check has failed.
fn unread(answers: &Answers<'_>, name: &Name, seen: u64) -> Option<Finding> {
    let table = answers.table(name)?;
    let counted = match table.kind {
        TableKind::Partitioned => answers.catalog.leaves(name).iter().map(|leaf| leaf.rows.max(0)).sum(),
        _ => table.rows,
    };
    (seen == 0 && counted > 0).then(|| {
        let text = format!(
            "No row was seen, and by its statistics the table has about {counted}. If it has been emptied, run `analyze {}` and look again."
            , name.sql()
        );
        Finding::new("unread", 0, u64::try_from(counted).unwrap_or_default(), text).of(name).must_decide()
    })
}

/// Rows of a table that leads to nobody, by the organizations that refer to them.
pub(super) async fn undecided(
    answers: &Answers<'_>,
    name: &Name,
    snapshot: &mut Snapshot<'_>,
) -> sqlx::Result<Finding> {
    let because = answers
        .draft
        .plan
        .table(name)
        .map(|planned| planned.because.clone())
        .unwrap_or_default();
    let mut references = Vec::new();
    for (from, key) in answers.catalog.referring(name) {
        let owned = answers
            .draft
            .plan
            .table(&from.name)
            .is_some_and(|planned| planned.kind == Kind::Owned);
        if let ([column], [reference], true) = (key.columns.as_slice(), key.references.as_slice(), owned) {
            let question = answers.question(&from.name);
            let text = format!("select t.{}, {} {}", quoted(column), question.answer(), question.from);
            references.push((reference.clone(), text));
        }
    }
    let Some((reference, _)) = references.first().cloned() else {
        let figures = snapshot
            .counts(&format!("from {}", name.sql()), &["count(*)".to_owned()])
            .await?;
        let rows = figures.first().copied().unwrap_or_default();
        return Ok(Finding::new("kind", rows, rows, because).of(name).must_decide());
    };
    let asked: Vec<_> = references
        .into_iter()
        .filter(|(to, _)| *to == reference)
        .map(|(_, text)| text)
        .collect();
    let from = format!(
        "from {} t left join (select target, count(*) as several from (select target, org from ({}) x (target, org)
             where target is not null and org is not null group by 1, 2) y group by 1) r
           on r.target = t.{}",
        name.sql(),
        asked.join(" union all "),
        quoted(&reference)
    );
    let counts = [
        "count(*)",
        "count(*) filter (where r.several > 1)",
        "count(*) filter (where r.several = 1)",
    ]
    .map(str::to_owned);
    let figures = snapshot.counts(&from, &counts).await?;
    let [rows, shared, one] = figures[..] else {
        unreachable!("three counts were asked for")
    };
    let nobody = rows - shared - one;
    // Rows that nobody shares are somebody's, whatever the table looks like.
    let advice = if shared == 0 && one > 0 {
        " Not global: that would show each of these rows to everybody."
    } else {
        ""
    };
    let text = format!(
        "{because}\nOf {rows} rows, {shared} are used by several organizations, {one} by one, {nobody} by none.{advice}"
    );
    Ok(Finding::new("kind", rows, shared.max(1), text).of(name).must_decide())
}
