//! Readers: views, rules and functions that read owned tables as their owner, and so past row security or not at all.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use sqlx::{PgConnection, types::Json};

use super::flaw;
use crate::{
    catalog::Catalog,
    error::WardenError,
    name::Name,
    plan::{Flaw, Plan},
};

/// What was looked at, and what of it reads as somebody else.
pub(crate) struct Past {
    pub examined: usize,
    pub found: Vec<Reader>,
}

/// Something that reads owned tables as its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reader {
    /// As it is named under `seal.reads_as_owner`.
    pub name: String,
    kind: String,
    owner: String,
    /// What it reads, in words.
    reads: String,
}

/// A view, a materialized view, or a rule of a table.
#[derive(Clone, Debug, Deserialize)]
struct View {
    name: String,
    /// Absent for a rule, which nobody can read.
    relation: Option<Name>,
    kind: String,
    owner: String,
    /// Reads as whoever asks.
    invoker: bool,
    reads: Vec<Name>,
}

#[derive(Clone, Debug, Deserialize)]
struct Routine {
    name: String,
    bare: String,
    definer: bool,
    language: String,
    owner: String,
    body: String,
}

/// Everything that reads the owned tables of a plan as its owner does.
///
/// # Errors
/// When the database cannot be asked.
pub(crate) async fn past(connection: &mut PgConnection, plan: &Plan, catalog: &Catalog) -> Result<Past, WardenError> {
    let owned: BTreeSet<Name> = plan
        .owned()
        .flat_map(|planned| {
            let parts = catalog.leaves(&planned.name).into_iter().map(|leaf| leaf.name.clone());
            std::iter::once(planned.name.clone()).chain(parts)
        })
        .collect();
    let views: Vec<View> = all(connection, VIEWS).await?;
    let routines: Vec<Routine> = all(connection, ROUTINES).await?;
    let (mut found, touching) = of_views(&owned, &views);
    found.extend(of_routines(&touching, &routines));
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Past {
        examined: views.len() + routines.iter().filter(|routine| routine.definer).count(),
        found,
    })
}

/// Views that read as their owner, and every relation that reads an owned table at all, over however many views.
fn of_views(owned: &BTreeSet<Name>, views: &[View]) -> (Vec<Reader>, BTreeSet<Name>) {
    let mut touching = owned.clone();
    grow(&mut touching, |touching| {
        let touches = views
            .iter()
            .filter(|view| view.reads.iter().any(|name| touching.contains(name)));
        touches.filter_map(|view| view.relation.clone()).collect()
    });
    let mut past: BTreeMap<&str, Reader> = BTreeMap::new();
    // A copy is made by its owner, whatever stands between. A view that reads as whoever asks does so inside another view too.
    loop {
        let before = past.len();
        for view in views
            .iter()
            .filter(|view| !past.contains_key(view.name.as_str()))
            .collect::<Vec<_>>()
        {
            let copies = view.kind != "view";
            let through = |name: &&Name| {
                views
                    .iter()
                    .any(|other| other.relation.as_ref() == Some(*name) && past.contains_key(other.name.as_str()))
            };
            let direct = |name: &&Name| !view.invoker && (owned.contains(*name) || copies && touching.contains(*name));
            if let Some(name) = view.reads.iter().find(|name| direct(name) || through(name)) {
                let reader = Reader {
                    name: view.name.clone(),
                    kind: view.kind.clone(),
                    owner: view.owner.clone(),
                    reads: format!("reads {name}"),
                };
                past.insert(&view.name, reader);
            }
        }
        if past.len() == before {
            break;
        }
    }
    (past.into_values().collect(), touching)
}

/// Functions that run as their owner and name something that touches an owned table, themselves or in what they call. What a
/// function does is not in the catalog, so its text is read, and where that does not tell, it is taken for one of them.
fn of_routines(touching: &BTreeSet<Name>, routines: &[Routine]) -> Vec<Reader> {
    let texts: Vec<Text> = routines.iter().map(|routine| Text::of(&routine.body)).collect();
    let mut named: BTreeSet<String> = touching.iter().map(|name| name.table.to_lowercase()).collect();
    grow(&mut named, |named| {
        let calls = routines
            .iter()
            .zip(&texts)
            .filter(|(_, text)| text.first(named).is_some());
        calls.map(|(routine, _)| routine.bare.to_lowercase()).collect()
    });
    let definers = routines.iter().zip(&texts).filter(|(routine, _)| routine.definer);
    definers
        .filter_map(|(routine, text)| {
            let reads = match (routine.language.as_str(), text.first(&named)) {
                (_, Some(name)) => format!("its text names {name}"),
                ("sql" | "plpgsql", None) if !text.builds_statements() => return None,
                ("sql" | "plpgsql", None) => "it makes statements of texts, so what it reads cannot be told".to_owned(),
                (language, None) => format!("it is in {language}, so what it reads cannot be told"),
            };
            Some(Reader {
                name: routine.name.clone(),
                kind: "function".to_owned(),
                owner: routine.owner.clone(),
                reads,
            })
        })
        .collect()
}

/// Adds what follows from a set until nothing more does.
fn grow<T: Ord>(set: &mut BTreeSet<T>, more: impl Fn(&BTreeSet<T>) -> Vec<T>) {
    loop {
        let before = set.len();
        let found = more(set);
        set.extend(found);
        if set.len() == before {
            return;
        }
    }
}

/// The body of a function, in the words it is made of.
struct Text {
    whole: String,
    words: BTreeSet<String>,
}

impl Text {
    fn of(body: &str) -> Self {
        let whole = body.to_lowercase();
        let split = whole.split(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '$'));
        let words = split.filter(|word| !word.is_empty()).map(str::to_owned).collect();
        Self { whole, words }
    }

    /// The first of some names that stands in it.
    fn first<'a>(&self, names: &'a BTreeSet<String>) -> Option<&'a String> {
        let whole_word = |name: &str| name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
        names.iter().find(|name| {
            if whole_word(name) {
                self.words.contains(*name)
            } else {
                self.whole.contains(&name.replace('"', "\"\""))
            }
        })
    }

    fn builds_statements(&self) -> bool {
        let words = [
            "execute",
            "query_to_xml",
            "table_to_xml",
            "schema_to_xml",
            "database_to_xml",
            "dblink",
        ];
        words.iter().any(|word| self.words.contains(*word))
    }
}

impl Reader {
    /// What is said of it where the plan does not let it be.
    pub(super) fn flaw(&self, plan: &Plan, server: i32) -> Option<Flaw> {
        if plan.seal.reads_as_owner.contains(&self.name) {
            return None;
        }
        let Self {
            name,
            kind,
            owner,
            reads,
        } = self;
        let way = match kind.as_str() {
            "view" if server >= 150_000 => "Let it read as whoever asks (alter view … set (security_invoker = on))",
            "function" => "Let it run as whoever calls it (alter function … security invoker)",
            _ => "Drop it, or take the programs' right to read it",
        };
        Some(flaw(
            name,
            format!(
                "is a {kind} that reads as its owner, `{owner}`, and not as the program that asks ({reads}): from seal on it would show the rows of \
                 every organization, or none. {way}; or, if you have seen to it that it keeps organizations apart or that no program reads it, \
                 name it under seal.reads_as_owner"
            ),
        ))
    }

    /// In a line, for a report.
    pub(crate) fn line(&self) -> String {
        format!(
            "{}: a {} that reads as its owner, `{}` ({})",
            self.name, self.kind, self.owner, self.reads
        )
    }
}

async fn all<T>(connection: &mut PgConnection, statement: &'static str) -> Result<Vec<T>, WardenError>
where
    T: for<'de> Deserialize<'de> + Send + Unpin + 'static,
{
    let rows: Vec<(Json<T>,)> = sqlx::query_as(statement).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(Json(thing),)| thing).collect())
}

/// Rules are asked with the rights of the table's owner, as a view is with those of its own.
const VIEWS: &str = "
    select jsonb_build_object('name', quote_ident(n.nspname) || '.' || quote_ident(c.relname),
             'relation', quote_ident(n.nspname) || '.' || quote_ident(c.relname),
             'kind', case c.relkind when 'v' then 'view' else 'materialized view' end, 'owner', pg_get_userbyid(c.relowner),
             'invoker', c.relkind = 'v' and coalesce(c.reloptions::text, '') ~* 'security_invoker=(true|on|yes|1)',
             'reads', coalesce((select jsonb_agg(distinct quote_ident(rn.nspname) || '.' || quote_ident(rc.relname))
                from pg_rewrite r join pg_depend d on d.objid = r.oid and d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
                  join pg_class rc on rc.oid = d.refobjid join pg_namespace rn on rn.oid = rc.relnamespace
               where r.ev_class = c.oid and rc.oid <> c.oid), '[]'))
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('v', 'm') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'warden')
    union all
    select jsonb_build_object('name', quote_ident(n.nspname) || '.' || quote_ident(c.relname) || '.' || quote_ident(r.rulename), 'relation', null,
             'kind', 'rule', 'owner', pg_get_userbyid(c.relowner), 'invoker', false,
             'reads', coalesce((select jsonb_agg(distinct quote_ident(rn.nspname) || '.' || quote_ident(rc.relname))
                from pg_depend d join pg_class rc on rc.oid = d.refobjid join pg_namespace rn on rn.oid = rc.relnamespace
               where d.objid = r.oid and d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass), '[]'))
    from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'warden')";

/// Of a body that Postgres has read already, only the definition has the text.
const ROUTINES: &str = "
    select jsonb_build_object('name', quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '(' || oidvectortypes(p.proargtypes) || ')',
             'bare', p.proname, 'definer', p.prosecdef, 'language', l.lanname, 'owner', pg_get_userbyid(p.proowner),
             'body', coalesce(nullif(p.prosrc, ''), pg_get_functiondef(p.oid)))
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
    where p.prokind in ('f', 'p') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'warden')
      and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e')";

#[cfg(test)]
mod tests {
    use super::*;

    fn name(table: &str) -> Name {
        Name::new("public", table)
    }

    fn view(table: &str, kind: &str, invoker: bool, reads: &[&str]) -> View {
        View {
            name: name(table).to_string(),
            relation: Some(name(table)),
            kind: kind.to_owned(),
            owner: "o".to_owned(),
            invoker,
            reads: reads.iter().map(|table| name(table)).collect(),
        }
    }

    fn past(views: &[View]) -> Vec<String> {
        let (found, _) = of_views(&BTreeSet::from([name("notes")]), views);
        found.into_iter().map(|reader| reader.name).collect()
    }

    #[test]
    fn a_view_reads_past_the_seal_through_others_unless_they_read_as_whoever_asks() {
        let plain = |table: &str, reads: &[&str]| view(table, "view", false, reads);
        let asks = |table: &str, reads: &[&str]| view(table, "view", true, reads);
        assert_eq!(past(&[plain("a", &["notes"])]), ["public.a"]);
        assert_eq!(past(&[asks("a", &["notes"]), plain("b", &["a"])]), [""; 0]);
        assert_eq!(
            past(&[plain("a", &["notes"]), asks("b", &["a"])]),
            ["public.a", "public.b"]
        );
        // Listed in any order.
        let outer = [plain("c", &["b"]), plain("b", &["a"]), plain("a", &["notes"])];
        assert_eq!(past(&outer), ["public.a", "public.b", "public.c"]);
        let copy = [view("m", "materialized view", false, &["a"]), asks("a", &["notes"])];
        assert_eq!(past(&copy), ["public.m"]);
        assert_eq!(past(&[plain("a", &["plans"])]), [""; 0]);
    }

    #[test]
    fn a_function_is_known_by_what_its_text_names() {
        let routine = |bare: &str, definer: bool, language: &str, body: &str| Routine {
            name: bare.to_owned(),
            bare: bare.to_owned(),
            definer,
            language: language.to_owned(),
            owner: "o".to_owned(),
            body: body.to_owned(),
        };
        let touching = BTreeSet::from([name("notes"), name("Deal Stages")]);
        let found = |routines: &[Routine]| -> Vec<String> {
            of_routines(&touching, routines)
                .into_iter()
                .map(|reader| reader.name)
                .collect()
        };
        for body in [
            "select count(*) from NOTES",
            "begin return (select 1 from public.\"notes\"); end",
            "select 1 from \"Deal Stages\"",
        ] {
            assert_eq!(found(&[routine("f", true, "plpgsql", body)]), ["f"], "{body}");
        }
        for body in ["select 1 from footnotes", "select note from plans"] {
            assert_eq!(found(&[routine("f", true, "sql", body)]), [""; 0], "{body}");
        }
        assert_eq!(found(&[routine("f", false, "sql", "select from notes")]), [""; 0]);
        let calls = [
            routine("f", true, "sql", "select g()"),
            routine("g", false, "sql", "select count(*) from notes"),
        ];
        assert_eq!(found(&calls), ["f"]);
        assert_eq!(found(&[routine("f", true, "plpgsql", "begin execute q; end")]), ["f"]);
        assert_eq!(found(&[routine("f", true, "c", "peek")]), ["f"]);
    }
}
