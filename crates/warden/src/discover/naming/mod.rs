//! What names tell: conventions that most schemas keep. A name alone decides nothing that data or a key can tell.

mod lists;

use lists::{AUDIENCE, AUTHORS, BILLING, IDENTITY, JOINED, LOOKUPS, ORGANIZATIONS, OWNERS, PERSONAL, TOOLS, USERS};

/// How likely a table of this name is one of people: 0 for not at all.
pub fn users(table: &str) -> u32 {
    likely(USERS, table)
}

/// How likely a table of this name is one of organizations: 0 for not at all.
pub fn organizations(table: &str) -> u32 {
    likely(ORGANIZATIONS, table)
}

fn likely(names: &[&str], table: &str) -> u32 {
    let table = snake(table);
    let found = names.iter().position(|name| same(name, &table));
    found.map_or(0, |at| if at < 3 { 3 } else { 2 })
}

/// Whether a table of this name says who belongs where.
pub fn joins(table: &str) -> bool {
    words(table)
        .iter()
        .any(|word| JOINED.contains(&singular(word).as_str()))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Person {
    Owner,
    Author,
    Audience,
}

/// What a column that names a person says of them. A column that says nothing names its owner.
pub fn person(column: &str) -> Person {
    let stem = stem(column);
    let ends = |list: &[&str]| {
        list.iter()
            .any(|word| stem == *word || stem.ends_with(&format!("_{word}")))
    };
    let starts = |list: &[&str]| list.iter().any(|word| stem.starts_with(&format!("{word}_")));
    if ends(AUDIENCE) || starts(AUDIENCE) {
        Person::Audience
    } else if stem.ends_with("_by") || ends(AUTHORS) || starts(AUTHORS) {
        Person::Author
    } else {
        Person::Owner
    }
}

/// Whether a column without a foreign key may name a person.
pub fn names_person(column: &str) -> bool {
    let stem = stem(column);
    let is = |list: &[&str]| list.contains(&stem.as_str());
    is(OWNERS) || is(AUTHORS) || is(AUDIENCE) || stem.ends_with("_by") || stem.ends_with("_user")
}

/// Whether a column may name the organization: `org_id`, or the table's own word.
pub fn names_organization(column: &str, table: &str) -> bool {
    let stem = stem(column);
    ["org", "organization", "organisation", "tenant", "workspace"].contains(&stem.as_str()) || refers(column, table)
}

/// Whether a column is named after a table: `note_id` and `notes`.
pub fn refers(column: &str, table: &str) -> bool {
    let column = snake(column);
    column.ends_with("_id") && singular(&snake(table)) == stem(&column)
}

/// Whether the value of a polymorphic type column means a table: `Note`, `note`, `notes`, `App\Models\Note`, `Blog::Post`.
pub fn means(value: &str, table: &str) -> bool {
    let last = value.rsplit(['\\', ':', '.', '/']).next().unwrap_or(value);
    let whole = value.replace("::", "_").replace(['\\', '.', '/'], "_");
    let table = singular(&snake(table));
    [last, &whole].iter().any(|value| singular(&snake(value)) == table)
}

pub fn is_tool(table: &str) -> bool {
    TOOLS.contains(&table.to_lowercase().as_str())
}

/// A copy that somebody left behind.
pub fn is_junk(table: &str) -> bool {
    let words = words(table);
    let odd = |word: &String| {
        ["old", "backup", "bak", "tmp", "temp", "copy", "deprecated", "unused"].contains(&word.as_str())
    };
    let dated = |word: &String| word.len() >= 6 && word.chars().all(|c| c.is_ascii_digit());
    words.first().is_some_and(odd) || words.iter().skip(1).any(|word| odd(word) || dated(word))
}

pub fn is_lookup(table: &str) -> bool {
    let table = snake(table);
    LOOKUPS.iter().any(|name| same(name, &table))
}

/// Whether a key's name says that a person wrote its values once, for all.
pub fn is_code(column: &str) -> bool {
    let codes = [
        "code",
        "shortcode",
        "iso",
        "iso2",
        "iso3",
        "locale",
        "currency",
        "alpha2",
        "alpha3",
    ];
    words(column).iter().any(|word| codes.contains(&word.as_str()))
}

pub fn is_billing(table: &str) -> bool {
    let told: Vec<_> = words(table).iter().map(|word| singular(word)).collect();
    let told = format!("_{}_", told.join("_"));
    BILLING.iter().any(|name| told.contains(&format!("_{name}_")))
}

pub fn is_identity(schema: &str) -> bool {
    IDENTITY.contains(&schema)
}

pub fn is_personal(column: &str) -> bool {
    words(column).iter().any(|word| PERSONAL.contains(&word.as_str()))
}

/// Whether a key of the organizations' table is the name others know it by: `clerk_organization_id`, `org_id`.
pub fn is_outer_key(column: &str) -> bool {
    let words = words(column);
    words.last().is_some_and(|word| word == "id")
        && words
            .iter()
            .any(|word| ["org", "organization", "organisation", "tenant", "external"].contains(&word.as_str()))
}

/// A column's name without its `_id`.
fn stem(column: &str) -> String {
    let column = snake(column);
    let column = column.strip_suffix("_uuid").unwrap_or(&column);
    column.strip_suffix("_id").unwrap_or(column).to_owned()
}

fn words(name: &str) -> Vec<String> {
    snake(name)
        .split('_')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether two names differ in number at most.
fn same(a: &str, b: &str) -> bool {
    a == b || singular(a) == singular(b)
}

/// `DealStage`, `dealStage` and `Deal Stages` in the way most databases write.
fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut before = '_';
    for letter in name.chars() {
        if letter.is_alphanumeric() {
            if letter.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit()) {
                out.push('_');
            }
            out.extend(letter.to_lowercase());
        } else if !out.ends_with('_') {
            out.push('_');
        }
        before = letter;
    }
    out
}

/// English plurals, as far as tables use them.
fn singular(word: &str) -> String {
    let irregular = [
        ("people", "person"),
        ("children", "child"),
        ("staff", "staff"),
        ("status", "status"),
    ];
    if let Some((_, one)) = irregular.iter().find(|(many, _)| word == *many) {
        return (*one).to_owned();
    }
    for (many, one) in [
        ("ies", "y"),
        ("sses", "ss"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("xes", "x"),
    ] {
        if let Some(stem) = word.strip_suffix(many) {
            return format!("{stem}{one}");
        }
    }
    match word.strip_suffix('s') {
        Some(stem) if !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_named_after_a_table() {
        for (column, table) in [
            ("note_id", "notes"),
            ("noteId", "Notes"),
            ("company_id", "companies"),
            ("deal_stage_id", "Deal Stages"),
            ("person_id", "people"),
            ("address_id", "addresses"),
            ("status_id", "status"),
        ] {
            assert!(refers(column, table), "{column} {table}");
        }
        assert!(!refers("note", "notes"));
        assert!(!refers("footnote_id", "notes"));
    }

    #[test]
    fn what_a_column_says_of_a_person_follows_from_its_name() {
        for column in ["user_id", "owner_id", "account_id", "userId"] {
            assert_eq!(person(column), Person::Owner, "{column}");
        }
        for column in ["created_by", "author_id", "actor_id", "updated_by_id", "createdBy"] {
            assert_eq!(person(column), Person::Author, "{column}");
        }
        for column in [
            "assignee_id",
            "shared_with",
            "mentioned_user_id",
            "invited_user_id",
            "recipient_id",
        ] {
            assert_eq!(person(column), Person::Audience, "{column}");
        }
    }

    #[test]
    fn kinds_of_a_polymorphic_reference_mean_tables() {
        for value in [
            "Note",
            "note",
            "notes",
            "App\\Models\\Note",
            "Blog::Note",
            "public.notes",
        ] {
            assert!(means(value, "notes"), "{value}");
        }
        assert!(means("Blog::Post", "blog_posts"));
        assert!(!means("Footnote", "notes"));
    }

    #[test]
    fn copies_that_were_left_behind_are_junk() {
        for table in [
            "orders_old",
            "orders_backup",
            "tmp_import",
            "notes_20240131",
            "users_bak",
        ] {
            assert!(is_junk(table), "{table}");
        }
        for table in [
            "orders",
            "holders",
            "templates",
            "threshold",
            "copyrights",
            "prices_2024",
        ] {
            assert!(!is_junk(table), "{table}");
        }
    }

    #[test]
    fn billing_is_known_by_its_words() {
        for table in [
            "credit_transactions",
            "api_keys",
            "audit_log",
            "application_logs",
            "idempotency_keys",
            "invoices",
        ] {
            assert!(is_billing(table), "{table}");
        }
        for table in ["agents", "calls", "voices", "call_messages", "webhooks", "catalogues"] {
            assert!(!is_billing(table), "{table}");
        }
    }
}
