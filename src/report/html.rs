//! A report as a document of its own: one file, no scripts, nothing loaded from anywhere. It reads on a phone, in the
//! dark and on paper.

use std::fmt::{self, Write};

use chrono::Timelike;

use super::{Level, Outcome, Report, ReportKind, State, span, thousands};
use crate::text::capitalize;

const STYLE: &str = include_str!("report.css");

/// The whole document.
pub fn html(report: &Report) -> String {
    let mut page = String::with_capacity(16 * 1024);
    write_page(&mut page, report).expect("writing to a string cannot fail");
    page
}

/// Text where markup could stand: in content and in quoted attributes.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

fn write_page(page: &mut String, report: &Report) -> fmt::Result {
    let title = Text(&report.title);
    write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><style>{STYLE}</style></head>\n<body><main>"
    )?;
    write!(page, "<h1>{title}</h1>")?;
    verdict(page, report)?;
    // What is wrong comes first, and again where it belongs.
    let wrong: Vec<&Outcome> = report.broken().collect();
    if !wrong.is_empty() {
        section(page, "What to look at", &wrong)?;
    }
    for (group, outcomes) in report.groups() {
        section(page, if group.is_empty() { "Questions" } else { group }, &outcomes)?;
    }
    writeln!(page, "</main></body></html>")
}

fn section(page: &mut String, name: &str, outcomes: &[&Outcome]) -> fmt::Result {
    writeln!(page, "<section><h2>{}</h2><ul>", Text(&capitalize(name)))?;
    for outcome in outcomes {
        item(page, outcome)?;
    }
    writeln!(page, "</ul></section>")
}

fn verdict(page: &mut String, report: &Report) -> fmt::Result {
    let broken = report.broken().count();
    let (class, says) = match (report.kind, broken) {
        (ReportKind::Isolation, 0) => ("holds", "Everything that was asked holds.".to_owned()),
        (ReportKind::Warden, 0) => ("holds", "Everything that was done came out as it should.".to_owned()),
        (_, 1) => ("broken", "One answer is not what it should be.".to_owned()),
        (_, n) => (
            "broken",
            format!("{} answers are not what they should be.", thousands(n as u64)),
        ),
    };
    let at = report.began_at;
    write!(page, "<p class=\"verdict {class}\">{says}</p><dl>")?;
    for (name, value) in [
        ("Database", report.database.clone()),
        ("Server", report.server.clone()),
        (
            "When",
            format!("{}, {:02}:{:02} UTC", at.date_naive(), at.hour(), at.minute()),
        ),
        ("Took", span(report.took_ms)),
        ("Questions", thousands(report.outcomes.len() as u64)),
        ("Examined", thousands(report.examined())),
    ] {
        write!(page, "<div><dt>{name}</dt><dd>{}</dd></div>", Text(&value))?;
    }
    writeln!(page, "</dl>")
}

fn item(page: &mut String, outcome: &Outcome) -> fmt::Result {
    let (class, word) = match (outcome.state, outcome.level) {
        (State::Holds, _) => ("holds", "holds"),
        (State::Empty, _) => ("none", "nothing there"),
        (State::NotAsked, _) => ("none", "not asked"),
        (State::Broken, Level::Fault) => ("broken", "broken"),
        (State::Broken, Level::Advice) => ("advice", "advice"),
        (State::Vacuous, _) => ("broken", "nothing shown"),
    };
    write!(
        page,
        "<li class=\"{class}\"><p><b class=\"word\">{word}</b> {} <code>{}</code></p><p class=\"figures\">{} examined, {} wrong",
        Text(&outcome.question),
        Text(&outcome.id),
        thousands(outcome.examined),
        thousands(outcome.violating),
    )?;
    for figure in &outcome.figures {
        write!(page, " · {} {}", Text(&figure.name), Text(&figure.value))?;
    }
    write!(page, "</p>")?;
    if !outcome.empty.is_empty() {
        write!(
            page,
            "<p class=\"figures\">Nothing in {}</p>",
            Text(&outcome.empty.join(", "))
        )?;
    }
    if !outcome.violations.is_empty() {
        write!(page, "<ol>")?;
        for violation in &outcome.violations {
            write!(page, "<li>{}</li>", Text(violation))?;
        }
        write!(page, "</ol>")?;
    }
    if matches!(outcome.state, State::Broken | State::Vacuous) {
        for (name, text) in [("It means", &outcome.means), ("What to do", &outcome.remedy)] {
            if !text.is_empty() {
                write!(page, "<p class=\"more\"><b>{name}</b> {}</p>", Text(text))?;
            }
        }
    }
    writeln!(page, "</li>")
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::report::Figure;

    fn outcome(id: &str, state: State) -> Outcome {
        Outcome {
            id: id.into(),
            group: "policies".into(),
            question: "Is <b> a door & a \"wall\"?".into(),
            means: "Rows are seen.".into(),
            remedy: "Run ops.protect.".into(),
            level: Level::Fault,
            state,
            examined: 1_234,
            violating: u64::from(state == State::Broken),
            violations: Vec::new(),
            empty: Vec::new(),
            figures: vec![Figure::new("longest lock", "12 ms")],
        }
    }

    fn report(outcomes: Vec<Outcome>) -> Report {
        let names = ("switchboard".to_owned(), "PostgreSQL 17.6".to_owned());
        let began = DateTime::from_timestamp(1_763_700_000, 0).unwrap();
        Report::new(
            ReportKind::Isolation,
            "Isolation of <shop>",
            names,
            (began, 1_500),
            outcomes,
        )
    }

    #[test]
    fn what_a_report_says_is_text_and_never_markup() {
        let mut bad = outcome("door", State::Broken);
        bad.violations = vec!["<script>alert(1)</script>".into()];
        let page = html(&report(vec![bad]));
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
        assert!(page.contains("<title>Isolation of &lt;shop&gt;</title>"), "{page}");
        assert!(page.contains("Is &lt;b&gt; a door &amp; a &quot;wall&quot;?"), "{page}");
    }

    #[test]
    fn a_clean_report_says_so_and_another_says_what_to_do() {
        let clean = html(&report(vec![outcome("door", State::Holds)]));
        assert!(clean.contains("Everything that was asked holds."), "{clean}");
        assert!(
            clean.contains("1,234 examined, 0 wrong · longest lock 12 ms"),
            "{clean}"
        );
        assert!(!clean.contains("Run ops.protect."), "{clean}");
        let broken = html(&report(vec![outcome("a", State::Vacuous), outcome("b", State::Broken)]));
        assert!(broken.contains("2 answers are not what they should be."), "{broken}");
        assert!(broken.contains("<b>What to do</b> Run ops.protect."), "{broken}");
    }

    #[test]
    fn it_needs_nothing_from_elsewhere() {
        let page = html(&report(vec![outcome("door", State::Holds)]));
        for outside in ["http:", "https:", "src=", "href=", "url(", "@import"] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}
