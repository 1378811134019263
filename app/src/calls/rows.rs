//! Rows that live: what is on the screen when the server tells of changes, so that nothing jumps under a reader's eyes.

use leptos::prelude::*;
use switchboard::{
    calls::{CallRow, Status},
    money::Micros,
};

use super::{
    elapsed::Elapsed,
    format::{clock, dot_of, price_in_row, spaced, title_of},
};
use crate::kit::{Ago, Columns, When, reactive_text, status_dot};

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

/// One line; `row` changes in place. `fresh` arrived while the page was open.
pub fn line(row: Memo<CallRow>, columns: Columns, fresh: bool) -> AnyView {
    let (id, agent, created) = row.with_untracked(|row| (row.id, row.agent_name.clone(), row.created_at));
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
            Some(view! { <small class=class>{reason.label()}</small> })
        })
    };
    let duration = move || row.with(duration);
    let price = move || {
        let muted = row.with(|row| row.price.is_none_or(|price| price == Micros(0)));
        view! { <span class=if muted { "muted" } else { "" }>{row.with(price_in_row)}</span> }
    };
    let agent_cell = agent.clone();
    let cells = move || {
        let agent = agent_cell.clone();
        view! {
            {columns.shows("agent").then(|| view! { <td class="lo">{agent}</td> })}
            {columns.shows("duration").then(|| view! { <td class="num corner">{duration}</td> })}
            {columns.shows("price").then(|| view! { <td class="num">{price}</td> })}
            {columns.shows("placed").then(|| view! { <td class="num lo nowrap"><Ago at=created/></td> })}
        }
    };
    view! {
        <tr data-new=fresh.then_some("")>
            <th scope="row">
                <a href=format!("/calls/{id}")>{title}</a>
                {number}
                <small class="only-small">{agent}</small>
            </th>
            <td>{state}{why}</td>
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
            to_number: None,
            contact_id: None,
            contact_name: None,
            metadata: Default::default(),
            created_at: DateTime::from_timestamp(n.into(), 0).unwrap(),
            joined_at: None,
            ended_at: None,
            price: None,
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
