//! Is every row where it should be? Asked by the warden, of every row of every tenant table.

use sqlx::{AssertSqlSafe, PgConnection};

use super::{
    Tenant, Whose,
    expected::LINKS,
    question::{Count, Group, Question},
    rows_of, tenants,
};
use crate::report::Outcome;

const GROUP: Group = Group {
    name: "rows",
    remedy: "Find out how the rows came: restored with triggers off, or written by a superuser. Correct or delete them as the warden.",
};

const KEYS: Question = Question::new(
    "data-key",
    "Does every row name an organization that exists?",
    "The row is nobody's: no one sees it, and no one can delete it.",
)
.optional();

const SUMS: Question = Question::new(
    "data-sum",
    "Do the rows of all organizations add up to the rows of the table?",
    "Some rows are counted twice or not at all, as when an index is broken or a row belongs to no one.",
)
.optional();

const PARENTS: Question = Question::new(
    "data-parent",
    "Does every row that names another one find it in its own organization?",
    "The foreign key was not enforced when the row came: it was loaded with triggers off, or validated by a role that saw no rows.",
)
.optional();

const LINKED: Question = Question::new(
    "data-link",
    "Does nothing that names a row without a foreign key name another organization's?",
    "A charge or a key points into another organization.",
)
.optional();

const CLIENTS: Question = Question::new(
    "data-client",
    "Has every client the number that its organization claimed, which no other organization has?",
    "Two organizations may have one client number, and an older system's rows would belong to both.",
)
.optional();

const BALANCES: Question = Question::new(
    "data-balance",
    "Is every balance the sum of its ledger's entries?",
    "Somebody was charged or credited without an entry, or an entry moved no money.",
)
.optional();

/// Of all organizations, or what concerns one of them. Whether the sums agree is a question about all.
pub(super) async fn examine(connection: &mut PgConnection, whose: Option<&Whose>) -> sqlx::Result<Vec<Outcome>> {
    let tenants = tenants(connection).await?;
    let mut outcomes = vec![KEYS.answered(GROUP, keys(connection, &tenants, whose).await?)];
    if whose.is_none() {
        outcomes.push(SUMS.answered(GROUP, sums(connection, &tenants).await?));
    }
    outcomes.push(PARENTS.answered(GROUP, parents(connection, &tenants, whose).await?));
    outcomes.push(LINKED.answered(GROUP, links(connection, whose).await?));
    outcomes.push(CLIENTS.answered(GROUP, clients(connection, whose).await?));
    outcomes.push(BALANCES.answered(GROUP, balances(connection, whose).await?));
    Ok(outcomes)
}

async fn keys(connection: &mut PgConnection, tenants: &[Tenant], whose: Option<&Whose>) -> sqlx::Result<Count> {
    let mut count = Count::default();
    for tenant in tenants {
        let name = &tenant.name;
        let (examined, wrong) = counts(
            connection,
            format!(
                "select count(*), count(*) filter (where c.org_id is null)
                 from {name} t left join app.clients c on c.org_id = t.org_id where {}",
                rows_of(whose)
            ),
        )
        .await?;
        count.rows(name, examined, wrong, "name no organization that exists");
    }
    Ok(count)
}

async fn sums(connection: &mut PgConnection, tenants: &[Tenant]) -> sqlx::Result<Count> {
    let mut count = Count::default();
    for Tenant { name, .. } in tenants {
        let (examined, sum) = counts(
            connection,
            format!(
                "select (select count(*) from {name}), (select coalesce(sum(s.n), 0)::bigint from app.clients c
                   cross join lateral (select count(*) as n from {name} t where t.org_id = c.org_id) s)"
            ),
        )
        .await?;
        count.rows(name, examined, examined.abs_diff(sum), "are not accounted for");
    }
    Ok(count)
}

async fn parents(connection: &mut PgConnection, tenants: &[Tenant], whose: Option<&Whose>) -> sqlx::Result<Count> {
    let foreign_keys: Vec<(String, String, String)> = sqlx::query_as(
        "select c.conname || ' on ' || c.conrelid::regclass, c.conrelid::regclass::text,
                format('select count(*), count(*) filter (where not exists (select from %s p where %s)) from %s t where %s',
                  c.confrelid::regclass,
                  string_agg(format('p.%I = t.%I', p.attname, t.attname), ' and '),
                  c.conrelid::regclass,
                  string_agg(format('t.%I is not null', t.attname), ' and '))
         from pg_constraint c
         cross join lateral unnest(c.conkey, c.confkey) as k(child, parent)
         join pg_attribute t on t.attrelid = c.conrelid and t.attnum = k.child
         join pg_attribute p on p.attrelid = c.confrelid and p.attnum = k.parent
         where c.contype = 'f' and c.connamespace = 'app'::regnamespace
         group by c.oid, c.conname, c.conrelid, c.confrelid order by 1",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut count = Count::default();
    for (name, child, statement) in foreign_keys {
        let theirs = rows_of(whose.filter(|_| tenants.iter().any(|tenant| tenant.name == child)));
        let (examined, wrong) = counts(connection, format!("{statement} and {theirs}")).await?;
        count.rows(&name, examined, wrong, "name what is not there");
    }
    Ok(count)
}

async fn links(connection: &mut PgConnection, whose: Option<&Whose>) -> sqlx::Result<Count> {
    let mut count = Count::default();
    for link in LINKS {
        let theirs = whose.map_or_else(|| "true".to_owned(), |whose| format!("{} = '{}'", link.org, whose.org));
        let (examined, wrong) = counts(connection, format!("{} and {theirs}", link.sql)).await?;
        count.rows(link.name, examined, wrong, "name another organization's row");
    }
    Ok(count)
}

async fn clients(connection: &mut PgConnection, whose: Option<&Whose>) -> sqlx::Result<Count> {
    let (examined, wrong) = counts(
        connection,
        format!(
            "select count(*), count(*) filter (where o.client_id is distinct from t.id)
             from app.clients t left join identity.organizations o on o.id = t.org_id where {}",
            rows_of(whose)
        ),
    )
    .await?;
    let mut count = Count::default();
    count.rows(
        "app.clients",
        examined,
        wrong,
        "have a number that is not their organization's",
    );
    Ok(count)
}

async fn balances(connection: &mut PgConnection, whose: Option<&Whose>) -> sqlx::Result<Count> {
    let (examined, wrong) = counts(
        connection,
        format!(
            "select count(*), count(*) filter (where t.balance_micros is distinct from
               (select coalesce(sum(e.amount_micros), 0) from app.credit_transactions e where e.org_id = t.org_id))
             from app.clients t where {}",
            rows_of(whose)
        ),
    )
    .await?;
    let mut count = Count::default();
    count.rows("app.clients", examined, wrong, "are not what their entries come to");
    Ok(count)
}

/// Every name in the statement comes from the catalog, as Postgres writes it.
async fn counts(connection: &mut PgConnection, statement: String) -> sqlx::Result<(u64, u64)> {
    let (one, other): (i64, i64) = sqlx::query_as(AssertSqlSafe(statement)).fetch_one(connection).await?;
    Ok((one.unsigned_abs(), other.unsigned_abs()))
}
