//! The statement of a batch: which rows it takes, what becomes of each, and what it says of itself.

use super::Fill;
use crate::{
    name::{Name, list, literal, quoted},
    plan::{Frozen, Path},
    steps::{Answers, Parents, Step, Work},
};

/// The first statement for each table of a step, as it is asked again and again.
pub fn batches(frozen: &Frozen, step: &Step) -> Vec<String> {
    let Work::Fill(tables) = &step.work else {
        return Vec::new();
    };
    let fills = tables
        .iter()
        .filter_map(|name| Fill::of(frozen, step, name, 0, tables).ok())
        .filter(|fill| !fill.planned.paths.is_empty() || fill.planned.column.is_none());
    fills
        .map(|fill| match fill.found.row_key() {
            Some(key) => fill.keyed(key, false),
            None => fill.placed(&fill.planned.name),
        })
        .collect()
}

impl Fill<'_> {
    pub(super) fn keyed(&self, key: &[String], after: bool) -> String {
        let table = self.planned.name.sql();
        let kinds = key.iter().map(|column| {
            self.found
                .column(column)
                .map_or("text", |column| column.r#type.as_str())
        });
        let binds: Vec<_> = kinds
            .enumerate()
            .map(|(n, kind)| format!("${}::text::{kind}", n + 1))
            .collect();
        // Later looks need not read what the first has filled.
        let open = if self.pass == 0 {
            "true".to_owned()
        } else {
            format!("{} is null", self.own())
        };
        let from = if after {
            format!("where {open} and ({}) > ({})", list(key), binds.join(", "))
        } else {
            format!("where {open}")
        };
        let limit = if after { key.len() + 1 } else { 1 };
        let order = list(key);
        let backwards = key
            .iter()
            .map(|column| format!("{} desc", quoted(column)))
            .collect::<Vec<_>>()
            .join(", ");
        let texts = key
            .iter()
            .map(|column| format!("{}::text", quoted(column)))
            .collect::<Vec<_>>()
            .join(", ");
        let rows = format!(
            "select {} from {table} {from} order by {order} limit ${limit} for no key update",
            self.needed(key)
        );
        let same = key
            .iter()
            .map(|column| format!("t.{0} = d.{0}", quoted(column)))
            .collect::<Vec<_>>()
            .join(" and ");
        let keys = key
            .iter()
            .map(|column| format!("d.{}::text", quoted(column)))
            .collect::<Vec<_>>()
            .join(", ");
        let last = format!("(select jsonb_build_array({texts}) from b order by {backwards} limit 1)");
        self.statement(&table, &rows, &same, &format!("jsonb_build_array({keys})"), &last)
    }

    pub(super) fn placed(&self, place: &Name) -> String {
        let rows = format!(
            "select ctid as warden_place, {} from {} where ctid >= $1::text::tid and ctid < $2::text::tid for no key update",
            self.needed(&[]),
            place.sql()
        );
        self.statement(
            &place.sql(),
            &rows,
            "t.ctid = d.warden_place",
            "'[]'::jsonb",
            "null::jsonb",
        )
    }

    fn own(&self) -> String {
        quoted(self.frozen.plan.column(self.planned))
    }

    /// The columns a batch reads: keys, what paths need, and what is there already.
    fn needed(&self, key: &[String]) -> String {
        let of_path = self.planned.paths.iter().flat_map(Path::reads);
        let mut columns: Vec<&String> = key.iter().chain(of_path).collect();
        columns.sort();
        columns.dedup();
        let own = self.own();
        let mut all: Vec<_> = columns.into_iter().map(|column| quoted(column)).collect();
        all.push(format!("{own} as warden_had"));
        all.join(", ")
    }

    fn statement(&self, table: &str, rows: &str, same: &str, keys: &str, last: &str) -> String {
        let answers = Answers(&self.frozen.plan);
        let own = self.own();
        let waits = answers.waits(self.planned, self.together, "b");
        let decided = answers.decided(self.planned);
        let reason = answers.reason(self.planned);
        format!(
            "with b as materialized ({rows}),
             a as materialized (select b.*, {} as answers from b where b.warden_had is null and not {waits}),
             d as materialized (select a.*, {decided} as warden_decided, {reason} as warden_reason from a),
             u as (update {table} t set {own} = d.warden_decided from d where {same} and t.{own} is null and d.warden_decided is not null returning 1),
             q as (insert into warden.quarantine (tab, key, reason, candidates, decided)
                   select {}, {keys}, d.warden_reason, to_jsonb(d.answers), d.warden_decided::text from d where d.warden_reason is not null and d.warden_decided is not null
                   returning 1)
             select (select count(*) from b) as examined, (select count(*) from u) as changed, (select count(*) from q) as held,
                    {last} as last, (pg_current_wal_insert_lsn() - '0/0')::bigint as wal",
            answers.array(self.planned, "b", Parents::Filled),
            literal(&self.planned.name.to_string()),
        )
    }
}
