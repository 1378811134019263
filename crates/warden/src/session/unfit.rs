//! What a database may have that cannot be taken along: better said before anything is done than found out half-way.

use sqlx::PgConnection;

use crate::plan::Plan;

/// Every such thing in the tables of a plan, in words. Asked before each phase: what did not exist at first may since.
pub async fn look(connection: &mut PgConnection, plan: &Plan) -> sqlx::Result<Vec<String>> {
    let owned: Vec<String> = plan.owned().map(|table| table.name.sql()).collect();
    let mut found: Vec<String> = sqlx::query_scalar(TABLES)
        .bind(&owned)
        .fetch_all(&mut *connection)
        .await?;
    let (mut tables, mut columns) = (Vec::new(), Vec::new());
    let mut note = |table: String, column: &String| {
        tables.push(table);
        columns.push(column.clone());
    };
    for table in plan.owned() {
        for path in &table.paths {
            path.columns.iter().for_each(|column| note(table.name.sql(), column));
            path.references.iter().for_each(|column| note(path.to.sql(), column));
        }
    }
    note(plan.users.table.sql(), &plan.users.key);
    if let (Some(table), Some(key)) = (&plan.organization.table, &plan.organization.key) {
        note(table.sql(), key);
    }
    let compared: Vec<String> = sqlx::query_scalar(COMPARED)
        .bind(&tables)
        .bind(&columns)
        .bind(&owned)
        .fetch_all(&mut *connection)
        .await?;
    found.extend(compared);
    let domain: Option<String> = sqlx::query_scalar(DOMAIN)
        .bind(&plan.organization.r#type)
        .fetch_one(&mut *connection)
        .await?;
    found.extend(domain);
    let taken: Option<String> = sqlx::query_scalar(TAKEN)
        .bind(&plan.seal.schema)
        .fetch_one(&mut *connection)
        .await?;
    found.extend(taken);
    let dropped: Vec<(String, Vec<String>)> = plan
        .tables
        .iter()
        .filter(|table| !table.drop_columns.is_empty())
        .map(|table| (table.name.sql(), table.drop_columns.clone()))
        .collect();
    for (table, columns) in dropped {
        let excluding: Vec<String> = sqlx::query_scalar(EXCLUSION)
            .bind(table)
            .bind(columns)
            .fetch_all(&mut *connection)
            .await?;
        found.extend(excluding);
    }
    Ok(found)
}

/// Rows of a child table are rows of its parent, under keys that are not its own. A replica identity goes with the index it is,
/// and a publication's list of columns has to hold a key that gets another column: programs could not write any more.
const TABLES: &str = "
    with t as (select o.name, c.oid, c.relreplident from unnest($1::text[]) o (name) join pg_class c on c.oid = to_regclass(o.name))
    select t.name || ' inherits from another table, or another from it' from t
    where exists (select from pg_inherits i join pg_class c on c.oid = i.inhrelid
                  where not c.relispartition and t.oid in (i.inhrelid, i.inhparent))
    union all
    select t.name || ': ' || k.conname || ' sets columns to null or to their default when a key changes, and would do so to the organization'
    from t join pg_constraint k on k.conrelid = t.oid and k.contype = 'f' and k.confupdtype in ('n', 'd')
    where exists (select from t as parents where parents.oid = k.confrelid)
    union all
    select t.name || ' is known to replicas by an index: alter table ' || t.name || ' replica identity full, or default, until the end'
    from t where t.relreplident = 'i'
    union all
    select t.name || ' is published with a list of columns (' || p.pubname || '), which has to hold the primary key: publish the whole table'
    from t join pg_publication_rel r on r.prrelid = t.oid join pg_publication p on p.oid = r.prpubid
    where to_jsonb(r) ->> 'prattrs' is not null";

/// Types of extensions bring their own equality, which may be another one than that of the text they look like.
const COMPARED: &str = "
    with asked as (
      select u.name, u.attribute from unnest($1::text[], $2::text[]) u (name, attribute)
      union
      select o.name, a.attname::text from unnest($3::text[]) o (name) join pg_index x on x.indrelid = to_regclass(o.name)
        and (x.indisprimary or x.indisunique and not exists (select from pg_index k where k.indrelid = x.indrelid and k.indisprimary))
        join pg_attribute a on a.attrelid = x.indrelid and a.attnum = any (x.indkey))
    select distinct k.name || '.' || k.attribute || ' is ' || format_type(t.oid, null)
             || ', whose equality the warden does not know: exclude the table, or lead over another column'
    from asked k join pg_attribute a on a.attrelid = to_regclass(k.name) and a.attname = k.attribute
      join pg_type d on d.oid = a.atttypid
      join pg_type t on t.oid = case when d.typtype = 'd' then d.typbasetype else d.oid end
    where t.typtype = 'b' and t.typnamespace <> 'pg_catalog'::regnamespace order by 1";

/// A column of a type with rules of its own is written into every row when it is added.
const DOMAIN: &str = "
    select (select 'organizations are known by ' || format_type(t.oid, null) || ', a domain with rules: adding a column of it would write '
                     || 'every table anew. Let the column of the organizations be of its base type'
            from pg_type t where t.oid = to_regtype($1) and t.typtype = 'd'
              and (t.typnotnull or exists (select from pg_constraint c where c.contypid = t.oid)))";

/// The schema of the seal is made by it and goes with it; nobody else has this function.
const TAKEN: &str = "
    select (select 'there is a schema ' || quote_ident($1) || ' already: choose the name of a new one under seal'
            from pg_namespace n where n.nspname = $1
              and not exists (select from pg_proc p where p.pronamespace = n.oid and p.proname = 'refuse_move'))";

const EXCLUSION: &str = "
    select $1 || ': the exclusion constraint ' || c.conname || ' would go with a column that is to be dropped'
    from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any (c.conkey)
    where c.contype = 'x' and c.conrelid = to_regclass($1) and a.attname = any ($2)";
