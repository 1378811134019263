//! Reading the catalog: one statement for each kind of thing, all in the transaction of the caller.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use sqlx::{PgConnection, types::Json};

use super::{Catalog, Table, TableKind};
use crate::name::Name;

/// Schemas that are not the application's.
const OTHERS: &str = "n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'warden')";

/// Tables with rows of their own, without those of extensions.
const TABLES: &str = "
    select c.oid, n.nspname as schema, c.relname as name, c.relkind, c.relrowsecurity, c.relforcerowsecurity,
           pg_get_userbyid(c.relowner) as owner, c.reltuples::bigint as estimate,
           pg_total_relation_size(c.oid) as bytes, c.relacl, c.relowner,
           (select jsonb_build_array(pn.nspname, p.relname) from pg_inherits i
              join pg_class p on p.oid = i.inhparent join pg_namespace pn on pn.oid = p.relnamespace
             where i.inhrelid = c.oid and c.relispartition) as parent
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and c.relpersistence <> 't'
      and not exists (select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e')";

#[derive(sqlx::FromRow)]
struct Head {
    oid: i64,
    schema: String,
    name: String,
    partitioned: bool,
    parent: Option<Json<(String, String)>>,
    owner: String,
    estimate: i64,
    bytes: i64,
    row_security: bool,
    forced: bool,
}

impl Catalog {
    /// Reads what the connected role can see of its database.
    ///
    /// # Errors
    /// When the catalog cannot be read, or says something this program does not know.
    pub async fn read(connection: &mut PgConnection) -> sqlx::Result<Self> {
        let (database, server): (String, i32) =
            sqlx::query_as("select current_database()::text, current_setting('server_version_num')::int")
                .fetch_one(&mut *connection)
                .await?;
        let tables = tables(connection).await?;
        let surroundings = all(connection, &text(SURROUNDINGS)).await?;
        let roles = all(connection, &text(ROLES)).await?;
        Ok(Self {
            database,
            server,
            tables,
            surroundings,
            roles,
        })
    }
}

async fn tables(connection: &mut PgConnection) -> sqlx::Result<Vec<Table>> {
    let heads: Vec<Head> = sqlx::query_as(sqlx::AssertSqlSafe(text(
        "select oid::bigint, schema::text, name::text, relkind = 'p' as partitioned, parent, owner::text, estimate, bytes,
                relrowsecurity as row_security, relforcerowsecurity as forced
         from tables order by schema, name",
    )))
    .fetch_all(&mut *connection)
    .await?;
    let mut columns = parts(connection, COLUMNS).await?;
    let mut primary_keys = parts(connection, PRIMARY_KEYS).await?;
    let mut uniques = parts(connection, UNIQUES).await?;
    let mut foreign_keys = parts(connection, FOREIGN_KEYS).await?;
    let mut indexes = parts(connection, INDEXES).await?;
    let mut triggers = parts(connection, TRIGGERS).await?;
    let mut policies = parts(connection, POLICIES).await?;
    let mut grants = parts(connection, GRANTS).await?;
    let table = |head: Head| {
        let oid = head.oid;
        Table {
            name: Name::new(head.schema, head.name),
            kind: match head.parent {
                Some(Json((schema, table))) => TableKind::PartOf(Name::new(schema, table)),
                None if head.partitioned => TableKind::Partitioned,
                None => TableKind::Ordinary,
            },
            owner: head.owner,
            rows: head.estimate,
            bytes: head.bytes,
            columns: columns.remove(&oid).unwrap_or_default(),
            primary_key: primary_keys.remove(&oid).and_then(|mut keys| keys.pop()),
            uniques: uniques.remove(&oid).unwrap_or_default(),
            foreign_keys: foreign_keys.remove(&oid).unwrap_or_default(),
            indexes: indexes.remove(&oid).unwrap_or_default(),
            triggers: triggers.remove(&oid).unwrap_or_default(),
            policies: policies.remove(&oid).unwrap_or_default(),
            row_security: head.row_security,
            row_security_forced: head.forced,
            grants: grants.remove(&oid).unwrap_or_default(),
        }
    };
    Ok(heads.into_iter().map(table).collect())
}

fn text(statement: &str) -> String {
    format!(
        "with tables as ({TABLES} and {OTHERS}) {}",
        statement.replace("{others}", OTHERS)
    )
}

/// Things of one kind, gathered by the table they belong to.
async fn parts<T: DeserializeOwned + Send + Unpin + 'static>(
    connection: &mut PgConnection,
    statement: &str,
) -> sqlx::Result<HashMap<i64, Vec<T>>> {
    let rows: Vec<(i64, Json<T>)> = sqlx::query_as(sqlx::AssertSqlSafe(text(statement)))
        .fetch_all(connection)
        .await?;
    let mut found: HashMap<i64, Vec<T>> = HashMap::new();
    for (oid, Json(part)) in rows {
        found.entry(oid).or_default().push(part);
    }
    Ok(found)
}

async fn all<T: DeserializeOwned + Send + Unpin + 'static>(
    connection: &mut PgConnection,
    statement: &str,
) -> sqlx::Result<Vec<T>> {
    let rows: Vec<(Json<T>,)> = sqlx::query_as(sqlx::AssertSqlSafe(statement.to_owned()))
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|(Json(thing),)| thing).collect())
}

const COLUMNS: &str = "
    select t.oid::bigint, jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'not_null', a.attnotnull,
             'default', pg_get_expr(d.adbin, d.adrelid), 'made', a.attidentity <> '' or a.attgenerated <> '')
    from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
    order by t.oid, a.attnum";

const PRIMARY_KEYS: &str = "
    select t.oid::bigint, jsonb_build_object('name', k.conname, 'deferrable', k.condeferrable, 'definition', pg_get_constraintdef(k.oid),
             'columns', (select jsonb_agg(a.attname order by o.n) from unnest(k.conkey) with ordinality o (num, n)
                           join pg_attribute a on a.attrelid = t.oid and a.attnum = o.num),
             'dependents', coalesce((select jsonb_agg(distinct v.ev_class::regclass::text) from pg_depend d join pg_rewrite v on v.oid = d.objid
                           where d.refobjid = k.oid and d.refclassid = 'pg_constraint'::regclass and d.classid = 'pg_rewrite'::regclass), '[]'))
    from tables t join pg_constraint k on k.conrelid = t.oid and k.contype = 'p'";

const UNIQUES: &str = "
    select t.oid::bigint, jsonb_build_object('name', i.relname, 'constraint', k.oid is not null, 'deferrable', coalesce(k.condeferrable, false),
             'columns', (select jsonb_agg(coalesce(a.attname, pg_get_indexdef(x.indexrelid, n::int, true)) order by n)
                           from generate_series(1, x.indnkeyatts) n
                           left join pg_attribute a on a.attrelid = t.oid and a.attnum = x.indkey[n - 1] and x.indkey[n - 1] <> 0),
             'expressions', x.indexprs is not null, 'predicate', pg_get_expr(x.indpred, x.indrelid),
             'definition', pg_get_indexdef(x.indexrelid))
    from tables t join pg_index x on x.indrelid = t.oid and x.indisunique and not x.indisprimary
      join pg_class i on i.oid = x.indexrelid
      left join pg_constraint k on k.conindid = x.indexrelid and k.conrelid = t.oid and k.contype = 'u'
    order by t.oid, i.relname";

const FOREIGN_KEYS: &str = "
    select t.oid::bigint, jsonb_build_object('name', k.conname,
             'columns', (select jsonb_agg(a.attname order by o.n) from unnest(k.conkey) with ordinality o (num, n)
                           join pg_attribute a on a.attrelid = k.conrelid and a.attnum = o.num),
             'to', quote_ident(fn.nspname) || '.' || quote_ident(f.relname),
             'references', (select jsonb_agg(a.attname order by o.n) from unnest(k.confkey) with ordinality o (num, n)
                           join pg_attribute a on a.attrelid = k.confrelid and a.attnum = o.num),
             'on_delete', case k.confdeltype when 'a' then 'no action' when 'r' then 'restrict' when 'c' then 'cascade'
                            when 'n' then 'set null' else 'set default' end,
             'definition', pg_get_constraintdef(k.oid), 'valid', k.convalidated, 'inherited', k.conparentid <> 0)
    from tables t join pg_constraint k on k.conrelid = t.oid and k.contype = 'f'
      join pg_class f on f.oid = k.confrelid join pg_namespace fn on fn.oid = f.relnamespace
    where f.relispartition = false or k.conparentid = 0
    order by t.oid, k.conname";

/// A comparison that may leak is no condition of an index scan under row security.
const INDEXES: &str = "
    select t.oid::bigint, jsonb_build_object('name', i.relname, 'valid', x.indisvalid, 'definition', pg_get_indexdef(x.indexrelid),
             'columns', (select jsonb_agg(pg_get_indexdef(x.indexrelid, n::int, true) order by n) from generate_series(1, x.indnkeyatts) n),
             'leaky', (select coalesce(jsonb_agg(pg_get_indexdef(x.indexrelid, n::int, true) order by n), '[]')
                         from generate_series(1, x.indnkeyatts) n join pg_opclass o on o.oid = x.indclass[n - 1]
                        where exists (select from pg_amop m join pg_operator p on p.oid = m.amopopr join pg_proc f on f.oid = p.oprcode
                                       where m.amopfamily = o.opcfamily and m.amoplefttype = o.opcintype and m.amoprighttype = o.opcintype and not f.proleakproof)))
    from tables t join pg_index x on x.indrelid = t.oid join pg_class i on i.oid = x.indexrelid
    order by t.oid, i.relname";

const TRIGGERS: &str = "
    select t.oid::bigint, jsonb_build_object('name', g.tgname, 'definition', pg_get_triggerdef(g.oid))
    from tables t join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal and g.tgparentid = 0
    order by t.oid, g.tgname";

const POLICIES: &str = "
    select t.oid::bigint, jsonb_build_object('name', p.polname, 'permissive', p.polpermissive,
             'command', case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' else 'delete' end,
             'roles', (select jsonb_agg(case r when 0 then 'public' else pg_get_userbyid(r)::text end) from unnest(p.polroles) r),
             'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid))
    from tables t join pg_policy p on p.polrelid = t.oid
    order by t.oid, p.polname";

const GRANTS: &str = "
    select t.oid::bigint, jsonb_build_object('role', case g.grantee when 0 then 'PUBLIC' else pg_get_userbyid(g.grantee)::text end,
             'privilege', g.privilege_type, 'column', null, 'grantable', g.is_grantable)
    from tables t, aclexplode(t.relacl) g where g.grantee <> t.relowner
    union all
    select t.oid::bigint, jsonb_build_object('role', case g.grantee when 0 then 'PUBLIC' else pg_get_userbyid(g.grantee)::text end,
             'privilege', g.privilege_type, 'column', a.attname, 'grantable', g.is_grantable)
    from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped, aclexplode(a.attacl) g
    where g.grantee <> t.relowner
    order by 1, 2";

/// Views that read as their owner, functions that run as theirs, and what else goes round or breaks.
const SURROUNDINGS: &str = "
    select jsonb_build_object('kind', case c.relkind when 'v' then 'view' when 'm' then 'materialized_view' else 'foreign_table' end,
             'name', quote_ident(n.nspname) || '.' || quote_ident(c.relname),
             'tables', coalesce((select jsonb_agg(distinct quote_ident(t.schema) || '.' || quote_ident(t.name))
                           from pg_rewrite r join pg_depend d on d.objid = r.oid and d.classid = 'pg_rewrite'::regclass
                             join tables t on t.oid = d.refobjid and d.refclassid = 'pg_class'::regclass
                          where r.ev_class = c.oid), '[]'),
             'note', case when c.relkind = 'v' and coalesce(c.reloptions::text, '') ~ 'security_invoker=(true|on|1)' then 'reads as whoever asks'
                          when c.relkind = 'v' then 'reads as its owner, ' || pg_get_userbyid(c.relowner)
                          when c.relkind = 'm' then 'a copy that row security does not know'
                          else 'rows of another server' end)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('v', 'm', 'f') and {others}
      and not exists (select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e')
    union all
    select jsonb_build_object('kind', 'definer_function', 'name', p.oid::regprocedure::text, 'tables', '[]'::jsonb,
             'note', 'runs as its owner, ' || pg_get_userbyid(p.proowner))
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.prosecdef and {others}
      and not exists (select from pg_depend d where d.objid = p.oid and d.classid = 'pg_proc'::regclass and d.deptype = 'e')
    union all
    select jsonb_build_object('kind', 'publication', 'name', b.pubname,
             'tables', coalesce((select jsonb_agg(distinct quote_ident(t.schema) || '.' || quote_ident(t.name)) from pg_publication_tables l
                           join tables t on t.schema = l.schemaname and t.name = l.tablename where l.pubname = b.pubname), '[]'),
             'note', 'sends rows of every organization to its subscribers')
    from pg_publication b
    union all
    select jsonb_build_object('kind', 'event_trigger', 'name', e.evtname, 'tables', '[]'::jsonb, 'note', 'runs at ' || e.evtevent)
    from pg_event_trigger e where e.evtenabled <> 'D'
    union all
    select jsonb_build_object('kind', 'rule', 'name', r.rulename, 'tables', jsonb_build_array(quote_ident(t.schema) || '.' || quote_ident(t.name)),
             'note', 'rewrites statements before row security')
    from tables t join pg_rewrite r on r.ev_class = t.oid";

const ROLES: &str = "
    select jsonb_build_object('name', r.rolname, 'login', r.rolcanlogin, 'superuser', r.rolsuper, 'bypasses', r.rolbypassrls,
             'through', (select coalesce(jsonb_agg(g.rolname order by g.rolname), '[]') from pg_roles g
                           where g.oid <> r.oid and not r.rolsuper and g.rolname !~ '^pg_' and pg_has_role(r.oid, g.oid, 'member')),
             'owns', exists (select from tables t where pg_has_role(r.oid, t.relowner, 'member') and not r.rolsuper),
             'uses', exists (select from tables t where has_table_privilege(r.oid, t.oid, 'select, insert, update, delete')))
    from pg_roles r where r.rolname !~ '^pg_' order by r.rolname";
