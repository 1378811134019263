//! Takes the program's own filters out of a statement, and leaves everything else of it as it is.

/// The columns that say whose a row is.
const KEYS: [&str; 2] = ["org_id", "client_id"];

/// What of a statement is made idle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Filters {
    All,
    /// One comparison of one statement, counted from its beginning: a filter that somebody forgot.
    One {
        statement: String,
        number: usize,
    },
}

impl Filters {
    fn takes_out(&self, whole: &str, at: usize) -> bool {
        match self {
            Self::All => true,
            Self::One { statement, number } => whole == statement && at == *number,
        }
    }
}

/// The statement with comparisons of a key made idle, so that `a.org_id = $1` reads `(true or a.org_id = $1)`: the
/// parameters stay, and so do their types. `None` where there is nothing to take out.
pub fn weaken(statement: &str, filters: &Filters) -> Option<String> {
    let (mut weak, mut rest, mut taken) = (String::new(), statement, false);
    for number in 0.. {
        let Some((start, end)) = comparison(rest) else {
            break;
        };
        let filter = &rest[start..end];
        weak.push_str(&rest[..start]);
        if filters.takes_out(statement, number) {
            weak.push_str(&format!("(true or {filter})"));
            taken = true;
        } else {
            weak.push_str(filter);
        }
        rest = &rest[end..];
    }
    weak.push_str(rest);
    taken.then_some(weak)
}

/// How many comparisons there are to be forgotten.
pub fn count(statement: &str) -> usize {
    let (mut rest, mut count) = (statement, 0);
    while let Some((_, end)) = comparison(rest) {
        rest = &rest[end..];
        count += 1;
    }
    count
}

/// Where the first comparison of a key begins and ends.
fn comparison(text: &str) -> Option<(usize, usize)> {
    let mut found: Vec<_> = KEYS
        .iter()
        .flat_map(|key| text.match_indices(key).map(|(at, key)| (at, at + key.len())))
        .collect();
    found.sort_unstable();
    found.into_iter().find_map(|(at, after)| {
        let start = condition(text, at)?;
        let end = after + operand(&text[after..])?;
        Some((start, end))
    })
}

/// Where the column begins, its alias included, if it stands in a condition: `set local app.org_id` does not.
fn condition(text: &str, at: usize) -> Option<usize> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let start = text[..at].trim_end_matches(part).len();
    let alias = &text[start..at];
    let before = text[..start].trim_end();
    let in_condition = ["where", "and", "on", "or", "("]
        .iter()
        .any(|word| before.ends_with(word));
    (in_condition && (alias.is_empty() || alias.ends_with('.'))).then_some(start)
}

/// How long the rest of `= $1`, `= 'text'` or `= (select …)` is. A comparison of two columns is none of a filter.
fn operand(text: &str) -> Option<usize> {
    let value = text.trim_start().strip_prefix('=')?.trim_start();
    let length = match value.chars().next()? {
        '$' => {
            1 + value[1..]
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(value.len() - 1)
        }
        '\'' => 2 + value[1..].find('\'')?,
        '(' if value[1..].trim_start().starts_with("select") => balanced(value)?,
        _ => return None,
    };
    Some(text.len() - value.len() + length)
}

fn balanced(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    text.char_indices().find_map(|(at, c)| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at + 1)
    })
}

#[test]
fn a_filter_is_idle_and_everything_else_stays() {
    let cases = [
        (
            "select a.id from app.agents a where a.org_id = $1 and a.id = $2",
            Some("select a.id from app.agents a where (true or a.org_id = $1) and a.id = $2"),
        ),
        (
            "update app.calls set status = $3 where id = $2 and org_id=$12",
            Some("update app.calls set status = $3 where id = $2 and (true or org_id=$12)"),
        ),
        (
            "delete from app.api_keys k where k.client_id = (select c.id from app.clients c where c.org_id = $1) and k.id = $2",
            Some(
                "delete from app.api_keys k where (true or k.client_id = (select c.id from app.clients c where c.org_id = $1)) and k.id = $2",
            ),
        ),
        (
            "set local app.org_id = 'org_1'; select 1 from app.clients c where c.org_id = 'org_1'",
            Some("set local app.org_id = 'org_1'; select 1 from app.clients c where (true or c.org_id = 'org_1')"),
        ),
        (
            "select 1 from a join u on u.client_id = a.client_id where exists (select from b where b.org_id = $1)",
            Some(
                "select 1 from a join u on u.client_id = a.client_id where exists (select from b where (true or b.org_id = $1))",
            ),
        ),
        ("insert into app.clients (org_id, id) values ($1, $2)", None),
        ("begin; set local app.org_id = 'org_1'", None),
        ("update app.x set org_id = $1", None),
    ];
    for (statement, weak) in cases {
        assert_eq!(weaken(statement, &Filters::All).as_deref(), weak);
    }

    let two = "select 1 from a where a.org_id = $1 and exists (select from b where b.org_id = $1)";
    assert_eq!(count(two), 2);
    let second = Filters::One {
        statement: two.to_owned(),
        number: 1,
    };
    let weak = "select 1 from a where a.org_id = $1 and exists (select from b where (true or b.org_id = $1))";
    assert_eq!(weaken(two, &second).as_deref(), Some(weak));
    assert_eq!(weaken("select 1 from a where a.org_id = $1", &second), None);
}
