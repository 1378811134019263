//! What is said of one table, and the rules that follow.

use crate::{
    catalog::ForeignKey,
    discover::{finding::Finding, links::Link},
    name::Name,
    plan::{Conflict, Missing},
};

/// What the counts make of a table's plan.
#[derive(Debug)]
pub(in crate::discover) struct Verdict {
    pub table: Name,
    pub on_conflict: Conflict,
    pub on_missing: Missing,
    /// Foreign keys that have orphans today, and why they stay as they are.
    pub loose: Vec<String>,
    pub because: String,
}

/// What is said of one table.
pub(super) struct Told<'a> {
    name: &'a Name,
    rows: u64,
    disagreeing: u64,
    missing: u64,
    verdict: Verdict,
    findings: Vec<Finding>,
}

impl<'a> Told<'a> {
    pub(super) fn new(name: &'a Name, head: &[u64], unread: Option<Finding>) -> Self {
        let [rows, disagreeing, missing, without, several, inherited] = head[..] else {
            unreachable!("six counts were asked for")
        };
        let mut told = Self {
            name,
            rows,
            disagreeing,
            missing,
            verdict: Verdict {
                table: name.clone(),
                on_conflict: if disagreeing > 0 {
                    Conflict::Undecided
                } else {
                    Conflict::Refuse
                },
                on_missing: if missing > 0 {
                    Missing::Undecided
                } else {
                    Missing::Refuse
                },
                loose: Vec::new(),
                because: String::new(),
            },
            findings: Vec::new(),
        };
        if let Some(finding) = unread {
            told.verdict.on_missing = Missing::Undecided;
            told.findings.push(finding);
        }
        if missing > 0 {
            let mut reasons = Vec::new();
            let known = [
                (without, "name nothing that they could lead to"),
                (several, "lead to a person in several organizations"),
                (inherited, "lead to rows that have no answer themselves"),
            ];
            for (count, reason) in known {
                if count > 0 {
                    reasons.push(format!("{count} {reason}"));
                }
            }
            let rest = missing.saturating_sub(without + several + inherited);
            if rest > 0 {
                reasons.push(format!("{rest} lead to a person in none, or to nothing that is there"));
            }
            let text = format!(
                "{missing} of {rows} rows lead to no organization: {}. Say on_missing.",
                reasons.join(", ")
            );
            told.findings
                .push(Finding::new("no-answer", rows, missing, &text).of(name).must_decide());
            told.verdict.because += &format!(" {text}");
        }
        if disagreeing > 0 {
            let text = format!(
                "{disagreeing} of {rows} rows lead to different organizations, by different paths. Say on_conflict."
            );
            told.findings.push(
                Finding::new("paths-disagree", rows, disagreeing, &text)
                    .of(name)
                    .must_decide(),
            );
            told.verdict.because += &format!(" {text}");
        }
        told
    }

    pub(super) fn orphans(&mut self, link: &Link, taken: u64, lost: u64) {
        let way = format!("{} to {}", link.path.columns.join(", "), link.path.to);
        let text = match lost {
            0 => format!("{way}: every value is found, though no valid foreign key says so."),
            lost => format!("{way}: {lost} of {taken} values are not found there."),
        };
        self.findings
            .push(Finding::new("orphans", taken, lost, text).of(self.name));
        if let (Some(key), 1..) = (&link.key, lost) {
            self.verdict.loose.push(key.clone());
            self.verdict.because +=
                &format!(" {key} stays loose: it is not valid today, and {lost} rows lead nowhere by it.");
        }
    }

    pub(super) fn crossing(&mut self, key: &ForeignKey, taken: u64, crossing: u64) {
        if crossing == 0 {
            return;
        }
        let text = format!(
            "{}: {crossing} of {taken} rows refer to a row of {} in another organization. Say on_conflict; where they may stay so, list the key in loose.",
            key.name, key.to
        );
        self.verdict.on_conflict = Conflict::Undecided;
        self.verdict.because += &format!(" {text}");
        self.findings.push(
            Finding::new("parent-elsewhere", taken, crossing, text)
                .of(self.name)
                .must_decide(),
        );
    }

    pub(super) fn end(mut self, ways: usize) -> (Verdict, Vec<Finding>) {
        if self.missing == 0 && self.disagreeing == 0 && self.rows > 0 {
            let text = match ways {
                1 => "Every row leads to one organization.",
                _ => "Every row leads to one organization, by whichever path.",
            };
            self.findings
                .push(Finding::new("answers", self.rows, 0, text).of(self.name));
        }
        if self.rows == 0 && self.findings.is_empty() {
            self.findings
                .push(Finding::new("answers", 0, 0, "Is empty, so nothing is shown.").of(self.name));
        }
        (self.verdict, self.findings)
    }
}
