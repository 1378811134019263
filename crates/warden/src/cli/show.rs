//! What people and programs see of a run.

use std::{io::IsTerminal, path::Path, sync::Mutex};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use switchboard::report::thousands;

use crate::{
    claims::{self, Survey},
    discover::{Conflicts, Discovery},
    journal::Noted,
    plan::{Frozen, Kind},
    run::{self, Event},
    steps::{Phase, Step, Work, steps},
};

pub fn discovery(found: &Discovery, out: &Path, json: bool) {
    if json {
        println!("{}", json!({ "plan": out, "findings": found.findings }));
        return;
    }
    print!("{}", Conflicts(&found.findings));
    println!(
        "\nThe plan is in {}. Edit it, then `switchboard warden plan {}`.",
        out.display(),
        out.display()
    );
}

pub fn frozen(frozen: &Frozen, json: bool) {
    let of = |kind: Kind| frozen.plan.tables.iter().filter(|table| table.kind == kind).count();
    let all: usize = Phase::ALL.into_iter().map(|phase| steps(frozen, phase).len()).sum();
    if json {
        println!(
            "{}",
            json!({ "plan": frozen.id, "owned": of(Kind::Owned), "global": of(Kind::Global), "excluded": of(Kind::Excluded), "steps": all })
        );
    } else {
        println!(
            "frozen as {}: {} tables get an organization, {} are everybody's, {} are left alone; {all} steps. Next: `switchboard warden add --dry-run`",
            frozen.id,
            of(Kind::Owned),
            of(Kind::Global),
            of(Kind::Excluded)
        );
    }
}

/// Every statement of some steps there or back, what it locks, how many rows stand behind it, and how long that may take.
pub fn statements(frozen: &Frozen, steps: &[Step], way: impl Fn(&Step) -> &Work, json: bool) {
    for step in steps {
        let rows = step
            .table
            .as_ref()
            .and_then(|name| frozen.catalog.table(name))
            .map_or(0, |table| table.rows.max(0));
        let work = way(step);
        let (statements, seconds) = (texts(frozen, step, work), seconds(step, work, rows));
        if json {
            println!(
                "{}",
                json!({ "step": step.id, "what": step.what, "lock": step.lock, "rows": rows, "seconds": seconds, "statements": statements })
            );
            continue;
        }
        let lock = if step.lock.is_empty() {
            "nobody waits"
        } else {
            step.lock
        };
        let time = if seconds < 1.0 {
            "at once".to_owned()
        } else {
            format!("about {seconds:.0} s")
        };
        println!(
            "-- {}: {} ({lock}; about {} rows; {time})",
            step.id,
            step.what,
            thousands(rows.unsigned_abs())
        );
        for statement in statements {
            println!("{statement};");
        }
    }
}

fn texts(frozen: &Frozen, step: &Step, work: &Work) -> Vec<String> {
    match work {
        Work::Nothing => Vec::new(),
        Work::Fill(_) => run::batches(frozen, step),
        Work::Together(statements) => statements.clone(),
        Work::Apart { clear, build } => [build, clear]
            .into_iter()
            .filter(|statement| !statement.is_empty())
            .take(1)
            .cloned()
            .collect(),
    }
}

/// How long a step may take, by what `make bench-warden` has measured on two cores; entries in the catalog take no time.
fn seconds(step: &Step, work: &Work, rows: i64) -> f64 {
    /// Filled under load.
    const FILLED: f64 = 35_000.0;
    /// Of an index built concurrently, which reads its table twice.
    const INDEXED: f64 = 900_000.0;
    /// Of a constraint that is proved.
    const PROVED: f64 = 3_000_000.0;
    let rate = match work {
        Work::Fill(_) => FILLED,
        Work::Apart { build, .. } if !build.is_empty() => INDEXED,
        Work::Together(_) if step.lock == "SHARE UPDATE EXCLUSIVE" => PROVED,
        _ => return 0.0,
    };
    rows as f64 / rate
}

pub fn status(frozen: &Frozen, noted: &[Noted], all: &[(Phase, usize)], paused: bool, drift: &[String], json: bool) {
    let of = |phase: Phase, state: &str| {
        noted
            .iter()
            .filter(|noted| noted.phase == phase.word() && noted.state == state)
            .count()
    };
    if json {
        let phases: Vec<_> = all
            .iter()
            .map(|(phase, steps)| json!({ "phase": phase, "steps": steps, "done": of(*phase, "done"), "running": of(*phase, "running") }))
            .collect();
        println!(
            "{}",
            json!({ "plan": frozen.id, "phases": phases, "paused": paused, "drift": drift })
        );
        return;
    }
    println!("plan {} of {}", frozen.id, frozen.plan.database);
    for (phase, steps) in all {
        let running = match of(*phase, "running") {
            0 => String::new(),
            running => format!(", {running} left off half-way"),
        };
        println!(
            "{:<10} {:>5} of {steps} steps done{running}",
            phase.word(),
            of(*phase, "done")
        );
    }
    if paused {
        println!("paused; `warden resume` goes on");
    }
    for line in drift {
        println!("changed since the plan was frozen: {line}");
    }
}

pub fn survey(survey: &Survey, json: bool) {
    let Survey {
        users,
        examined,
        same,
        missing,
        different,
        unread,
        ..
    } = survey;
    if json {
        println!(
            "{}",
            json!({ "users": users, "examined": examined, "same": same, "missing": missing, "different": different, "unread": unread })
        );
        return;
    }
    println!(
        "of {users} people {examined} were looked at: {same} as the database says, {missing} missing, {different} different, {unread} not read"
    );
    if let Some(stopped) = &survey.stopped {
        println!("{stopped}");
    }
}

pub fn people(progress: &claims::Progress, json: bool) {
    let claims::Progress {
        users,
        examined,
        written,
        same,
        absent,
        mismatch,
        failed,
        ..
    } = progress;
    if json {
        println!(
            "{}",
            json!({ "users": users, "examined": examined, "to_write": written, "same": same, "absent": absent, "mismatch": mismatch, "failed": failed })
        );
        return;
    }
    println!(
        "of {users} people {examined} were looked at: {written} to be written, {same} the same already, {absent} without an organization, \
         {mismatch} with another one, {failed} not to be read"
    );
}

/// A bar on a terminal, a line for each step elsewhere, an object for each event where a program reads.
pub struct Progress {
    json: bool,
    bar: ProgressBar,
    lines: bool,
    rows: Mutex<(String, i64)>,
}

impl Progress {
    pub fn new(json: bool, frozen: &Frozen) -> Self {
        let terminal = !json && std::io::stderr().is_terminal();
        let target = if terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(1), target);
        let style = ProgressStyle::with_template("{prefix:>10} {bar:30} {pos}/{len} {wide_msg}")
            .expect("the template is right");
        bar.set_style(style);
        bar.set_message(frozen.plan.database.clone());
        Self {
            json,
            bar,
            lines: !json && !terminal,
            rows: Mutex::default(),
        }
    }

    pub fn show(&self, event: &Event) {
        if self.json {
            println!("{}", serde_json::to_string(event).expect("an event is plain values"));
            return;
        }
        match event {
            Event::Phase { phase, steps } => {
                self.bar.set_prefix(phase.word());
                self.bar.set_length(u64::try_from(*steps).unwrap_or(u64::MAX));
                self.bar.set_position(0);
            }
            Event::Step {
                id,
                what,
                n,
                of,
                skipped,
            } => {
                self.bar.set_position(u64::try_from(*n).unwrap_or(u64::MAX));
                self.bar.set_message(format!("{id}: {what}"));
                if self.lines && !skipped {
                    eprintln!("{n}/{of} {id}: {what}");
                }
            }
            Event::Waiting { id, attempt, blockers } => {
                let text = format!(
                    "{id}: waiting for its lock, try {attempt}; in the way: {}",
                    blockers.join("; ")
                );
                if self.lines {
                    eprintln!("{text}");
                }
                self.bar.set_message(text);
            }
            Event::Braking { table, reason, .. } => {
                if self.lines {
                    eprintln!("{table}: waiting, because {reason}");
                }
                self.bar.set_message(format!("{table}: waiting, because {reason}"));
            }
            Event::People {
                examined,
                users,
                written,
            } => {
                self.bar.set_length(*users);
                self.bar.set_position(*examined);
                self.bar.set_message(format!("{} written", thousands(*written)));
            }
            Event::Batch {
                table, examined, rows, ..
            } => self.batch(table, *examined, *rows),
        }
    }

    fn batch(&self, table: &str, examined: i64, rows: i64) {
        let Ok(mut sum) = self.rows.lock() else { return };
        if sum.0 != table {
            *sum = (table.to_owned(), 0);
        }
        sum.1 += examined;
        let count = |n: i64| thousands(n.unsigned_abs());
        self.bar
            .set_message(format!("{table}: {} of about {} rows", count(sum.1), count(rows)));
    }

    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
