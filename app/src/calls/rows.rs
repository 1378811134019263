//! Rows that live: what is on the screen when the server tells of changes, so that nothing jumps under a reader's eyes.

use leptos::prelude::*;
use switchboard::{
    analysis::Sentiment,
    calls::{CallRow, Status},
    money::Micros,
};

use super::{
    analysis::verdict_badge,
    elapsed::Elapsed,
    format::{clock, dot_of, price_in_row, spaced, title_of},
};
use crate::kit::{Ago, Columns, Selection, When, aria_flag, reactive_bool, reactive_text, status_dot};

/// What is shown, and how many newer calls wait above.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    pub rows: Vec<CallRow>,
    pub waiting: usize,
}

impl Shown {
    pub fn all(rows: Vec<CallRow>) -> Self {
        Self { rows, waiting: 0 }
    }

    /// Known rows change where they are. New ones join only when the reader is at the top; those pushed off the end of
    /// the server's page meanwhile stay.
    pub fn next(&self, heard: &[CallRow], at_top: bool) -> Self {
        let Some(newest) = self.rows.first().map(order).filter(|_| !at_top) else {
            return Self::all(heard.to_vec());
        };
        let oldest_heard = heard.last().map(order);
        let known = heard.iter().filter(|row| order(row) <= newest).cloned();
        let pushed_off = self
            .rows
            .iter()
            .filter(|row| oldest_heard.is_some_and(|oldest| order(row) < oldest))
            .cloned();
        Self {
            waiting: heard.iter().filter(|row| order(row) > newest).count(),
            rows: known.chain(pushed_off).collect(),
        }
    }
}

/// How the server sorts them.
fn order(row: &CallRow) -> (chrono::DateTime<chrono::Utc>, uuid::Uuid) {
    (row.created_at, row.id.uuid())
}

/// How a line is drawn.
#[derive(Clone, Copy)]
pub struct Line {
    pub columns: Columns,
    /// Where lines can be ticked.
    pub selection: Option<Selection>,
}

/// Id and name, for whatever is done with many calls.
pub fn about(row: &CallRow) -> (String, String) {
    let name = row.contact_name.clone();
    let name = name.unwrap_or_else(|| title_of(row.medium, row.to_number.as_deref()));
    (row.id.to_string(), name)
}

/// One line; `row` changes in place. `fresh` arrived while the page was open.
pub fn line(row: Memo<CallRow>, drawn: Line, fresh: bool) -> AnyView {
    let Line { columns, selection } = drawn;
    let (id, agent, version, created) =
        row.with_untracked(|row| (row.id, row.agent_name.clone(), row.agent_version, row.created_at));
    // Whose number it is may become known later.
    let title = reactive_text(move || {
        row.with(|row| match &row.contact_name {
            Some(name) => name.clone(),
            None => title_of(row.medium, row.to_number.as_deref()),
        })
    });
    let number = move || {
        row.with(|row| {
            let name = row.contact_name.as_ref()?;
            let number = spaced(row.to_number.as_deref().unwrap_or_default());
            (*name != number).then(|| view! { <small>{number}</small> })
        })
    };
    let state = move || row.with(|row| status_dot(dot_of(row.status), row.status.label()));
    let why = move || {
        row.with(|row| {
            let reason = row.end_reason?;
            let class = if row.status == Status::Failed { "bad-ink" } else { "" };
            let words = row.disposition.clone().unwrap_or_else(|| reason.label().to_owned());
            Some(view! { <small class=class title=reason.label()>{words}</small> })
        })
    };
    let duration = move || row.with(duration);
    let price = move || {
        let muted = row.with(|row| row.price.is_none_or(|price| price == Micros(0)));
        view! { <span class=if muted { "muted" } else { "" }>{row.with(price_in_row)}</span> }
    };
    let verdict = move || row.with(|row| row.verdict.map(verdict_badge));
    let mood = move || row.with(|row| row.sentiment.map(Sentiment::label));
    let tags = move || {
        let tags = row.with(|row| row.tags.clone());
        let tags = tags
            .into_iter()
            .map(|tag| view! { <span class="tag">{tag}</span> })
            .collect_view();
        view! { <span class="cluster tight-gap">{tags}</span> }
    };
    let said = move || {
        let said = row.with(|row| row.said.clone());
        (!said.is_empty()).then(|| {
            let pieces = said
                .into_iter()
                .map(|piece| {
                    if piece.found {
                        view! { <mark>{piece.text}</mark> }.into_any()
                    } else {
                        piece.text.into_any()
                    }
                })
                .collect_view();
            view! { <small class="said">{pieces}</small> }
        })
    };
    let tick = selection.map(|selection| {
        let this = id.to_string();
        let held = this.clone();
        let flip = move |on: bool| {
            if on {
                selection.pick(row.with_untracked(about));
            } else {
                selection.drop(&this);
            }
        };
        let label = reactive_text(move || row.with(|row| format!("Select the call with {}", about(row).1)));
        view! {
            <td class="tight gone">
                <input type="checkbox" aria-label=label prop:checked=reactive_bool(move || selection.has(&held))
                    on:change=move |event| flip(event_target_checked(&event))/>
            </td>
        }
    });
    let picked = selection.map(|selection| {
        let this = id.to_string();
        aria_flag(move || selection.has(&this))
    });
    let agent_cell = agent.clone();
    let cells = move || {
        let agent = agent_cell.clone();
        view! {
            {columns.shows("agent").then(|| view! { <td class="lo">{agent}</td> })}
            {columns.shows("version").then(|| view! { <td class="num lo2">{version.map_or_else(|| "draft".to_owned(), |n| format!("v{n}"))}</td> })}
            {columns.shows("verdict").then(|| view! { <td class="lo">{verdict}</td> })}
            {columns.shows("sentiment").then(|| view! { <td class="lo2">{mood}</td> })}
            {columns.shows("tags").then(|| view! { <td class="lo2">{tags}</td> })}
            {columns.shows("duration").then(|| view! { <td class="num corner">{duration}</td> })}
            {columns.shows("price").then(|| view! { <td class="num">{price}</td> })}
            {columns.shows("placed").then(|| view! { <td class="num lo nowrap"><Ago at=created/></td> })}
        }
    };
    view! {
        <tr data-new=fresh.then_some("") data-picked=picked>
            {tick}
            <th scope="row">
                <a href=format!("/calls/{id}")>{title}</a>
                {number}
                <small class="only-small">{agent}</small>
                {said}
            </th>
            <td>{state}{why}<small class="only-small">{verdict}</small></td>
            {cells}
        </tr>
    }
    .into_any()
}

/// One line where all calls are with one contact.
pub fn call_line(row: &CallRow) -> AnyView {
    let why = row.end_reason.map(|reason| format!(" · {}", reason.label()));
    view! {
        <div>
            {status_dot(dot_of(row.status), row.status.label())}
            <span class="grow">
                <a href=format!("/calls/{}", row.id)><When at=row.created_at/></a>
                <small>{row.agent_name.clone()}{why}</small>
            </span>
            {duration(row)}
        </div>
    }
    .into_any()
}

fn duration(row: &CallRow) -> AnyView {
    match (row.joined_at, row.ended_at) {
        (Some(joined), Some(ended)) => clock((ended - joined).num_milliseconds()).into_any(),
        (Some(joined), None) if !row.status.is_over() => view! { <Elapsed since=joined/> }.into_any(),
        (_, _) => view! { <span class="muted">"–"</span> }.into_any(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use switchboard::{Id, calls::Medium};

    fn row(n: u32, status: Status) -> CallRow {
        CallRow {
            id: Id::from_uuid(uuid::Uuid::from_u128(n.into())),
            agent_id: None,
            agent_name: String::new(),
            agent_version: None,
            medium: Medium::Phone,
            status,
            end_reason: None,
            disposition: None,
            to_number: None,
            contact_id: None,
            contact_name: None,
            metadata: Default::default(),
            tags: Vec::new(),
            created_at: DateTime::from_timestamp(n.into(), 0).unwrap(),
            joined_at: None,
            ended_at: None,
            price: None,
            verdict: None,
            sentiment: None,
            fields: Default::default(),
            said: Vec::new(),
        }
    }

    fn seconds(shown: &Shown) -> Vec<i64> {
        shown.rows.iter().map(|row| row.created_at.timestamp()).collect()
    }

    #[test]
    fn new_calls_wait_while_somebody_reads_further_down() {
        let before = Shown::all(vec![row(2, Status::Ringing), row(1, Status::Completed)]);
        let heard = [row(3, Status::Queued), row(2, Status::InProgress)];
        let reading = before.next(&heard, false);
        assert_eq!((seconds(&reading), reading.waiting), (vec![2, 1], 1));
        assert_eq!(reading.rows[0].status, Status::InProgress);

        let back_at_top = reading.next(&heard, true);
        assert_eq!((seconds(&back_at_top), back_at_top.waiting), (vec![3, 2], 0));
    }

    #[test]
    fn the_first_call_ever_appears_wherever_one_is() {
        let shown = Shown::all(Vec::new()).next(&[row(1, Status::Queued)], false);
        assert_eq!((seconds(&shown), shown.waiting), (vec![1], 0));
    }
}
