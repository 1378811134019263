//! Does the key of every tenant table come first wherever rows are named, so that one organization's rows cannot touch,
//! collide with or hint at another's?

use super::{Rule, catalog, rule};

pub(super) const RULES: &[Rule] = &[
    rule(
        "key-primary",
        "Does the primary key of every tenant table start with its key?",
        "An id that is unique across organizations tells one of them what another one has; and no server could spread the table by organization.",
        catalog!(
            "select t.name as object,
                    case when i.indexrelid is null then 'has no primary key'
                         when i.indkey[0] <> t.att then 'its primary key starts with another column' end as fault
             from tenant t left join pg_index i on i.indrelid = t.oid and i.indisprimary"
        ),
    ),
    rule(
        "key-unique",
        "Does every unique index of a tenant table start with its key?",
        "A value that must be unique across organizations is an oracle: a refused insert says that somebody has it.",
        catalog!(
            "select i.indexrelid::regclass::text as object,
                    case when i.indkey[0] is distinct from t.att and not (t.short = 'clients' and i.indnatts = 1
                              and i.indkey[0] = (select attnum from pg_attribute where attrelid = t.oid and attname = 'id'))
                         then 'does not start with ' || coalesce(t.key, 'a key') end as fault
             from tenant t join pg_index i on i.indrelid = t.oid where i.indisunique or i.indisexclusion"
        ),
    ),
    rule(
        "client-one",
        "Has every organization one billing client, and every client one organization?",
        "Billing tables ask for the client of the current organization; two organizations of one client would share them.",
        catalog!(
            "select 'app.clients.' || k.name as object,
                    case when not exists (
                      select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
                      where i.indrelid = to_regclass('app.clients') and i.indisunique and i.indisvalid and i.indpred is null
                        and i.indnkeyatts = 1 and i.indimmediate and a.attname = k.name and a.attnotnull)
                    then 'is not unique' end as fault
             from (values ('org_id'), ('id')) as k(name)"
        ),
    ),
    rule(
        "key-anchored",
        "Is the key of every tenant table a foreign key?",
        "A row could otherwise belong to an organization that does not exist.",
        catalog!(
            "select t.name as object,
                    case when not exists (select from pg_constraint c
                      where c.conrelid = t.oid and c.contype = 'f' and c.conkey[1] = t.att and c.confrelid in (select oid from tenant))
                    then 'its ' || coalesce(t.key, 'key') || ' refers to nothing' end as fault
             from tenant t where t.short <> 'clients'"
        ),
    ),
    rule(
        "key-random",
        "Are ids of tenant tables made by the program, never counted by the database?",
        "A counter is shared by all organizations: its gaps say how busy the others are, and one server would have to keep it.",
        catalog!(
            "select t.name || '.' || a.attname as object,
                    case when a.attidentity <> '' then 'is an identity column'
                         when pg_get_expr(d.adbin, d.adrelid) ~* 'nextval' then 'counts with a sequence' end as fault
             from tenant t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
             left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum"
        ),
    ),
    rule(
        "foreign-key-inside",
        "Does every foreign key stay inside the organization, key with key in front?",
        "A foreign key without the organization links rows of two of them, and its error says which ids exist elsewhere.",
        catalog!(
            "select c.conname || ' on ' || c.conrelid::regclass as object,
                    case when child.oid is null then 'refers to a tenant table from outside'
                         when parent.oid is null then 'leaves schema app for ' || c.confrelid::regclass
                         when c.conkey[1] is distinct from child.att then 'does not start with ' || coalesce(child.key, 'a key')
                         when a.attname::text is distinct from child.key
                           and not (parent.short = 'clients' and child.key = 'client_id' and a.attname = 'id')
                           then child.key || ' is paired with ' || a.attname
                         when parent.short <> 'clients' and cardinality(c.conkey) < 2 then 'names nothing but the organization'
                         end as fault
             from pg_constraint c
             left join tenant child on child.oid = c.conrelid
             left join tenant parent on parent.oid = c.confrelid
             join pg_attribute a on a.attrelid = c.confrelid and a.attnum = c.confkey[1]
             where c.contype = 'f' and (child.oid is not null or parent.oid is not null)"
        ),
    ),
    rule(
        "foreign-key-action",
        "Does no foreign key change the key of a row when another row goes or changes?",
        "A row would leave its organization by itself, past every policy.",
        catalog!(
            "select c.conname || ' on ' || c.conrelid::regclass as object,
                    case when c.confupdtype not in ('a', 'r') then 'changes the row when what it names changes'
                         when c.confdeltype in ('n', 'd') and (c.confdelsetcols is null or t.att = any (c.confdelsetcols))
                           then 'would empty ' || coalesce(t.key, 'the key') || ' when what it names goes' end as fault
             from pg_constraint c join tenant t on t.oid = c.conrelid where c.contype = 'f'"
        ),
    ),
    rule(
        "foreign-key-enforced",
        "Are the triggers behind every foreign key switched on?",
        "A foreign key whose triggers sleep accepts everything and still looks valid.",
        catalog!(
            "select c.conname || ' on ' || g.tgrelid::regclass as object,
                    case when g.tgenabled not in ('O', 'A') then 'is not enforced' end as fault
             from pg_trigger g join pg_constraint c on c.oid = g.tgconstraint
             join pg_class r on r.oid = g.tgrelid join ours n on n.oid = r.relnamespace where g.tgisinternal"
        ),
    ),
    rule(
        "constraint-valid",
        "Has every constraint been checked against every row?",
        "A constraint that is not validated says nothing about the rows from before it.",
        catalog!(
            "select c.conname || ' on ' || c.conrelid::regclass as object,
                    case when not c.convalidated then 'was never validated' end as fault
             from pg_constraint c join ours n on n.oid = c.connamespace where c.conrelid <> 0"
        ),
    ),
    rule(
        "index-valid",
        "Is every index complete?",
        "What CREATE INDEX CONCURRENTLY left half done enforces nothing and is not used.",
        catalog!(
            "select i.indexrelid::regclass::text as object,
                    case when not (i.indisvalid and i.indisready and i.indislive) then 'is not valid' end as fault
             from pg_index i join pg_class c on c.oid = i.indrelid join ours n on n.oid = c.relnamespace"
        ),
    ),
    rule(
        "index-usable",
        "Can every index column be searched under row security?",
        "Postgres will not show rows to a function that might leak before the policy has been asked, so such an index is dead.",
        catalog!(
            "select distinct i.indexrelid::regclass || ' (' || a.attname || ')' as object,
                    case when not p.proleakproof then o.oprname || ' of ' || format_type(a.atttypid, null) || ' may leak' end as fault
             from tenant t join pg_index i on i.indrelid = t.oid
             join pg_attribute a on a.attrelid = i.indexrelid and a.attnum between 1 and i.indnkeyatts
             join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
             join pg_opclass oc on oc.oid = (i.indclass::oid[])[a.attnum - 1]
             join pg_amop ao on ao.amopfamily = oc.opcfamily and ao.amoplefttype = oc.opcintype and ao.amoprighttype = oc.opcintype
               and (m.amname not in ('btree', 'hash') or ao.amopstrategy = case m.amname when 'btree' then 3 else 1 end)
             join pg_operator o on o.oid = ao.amopopr join pg_proc p on p.oid = o.oprcode"
        ),
    ),
    rule(
        "index-plain",
        "Is every index of a tenant table on columns, not on expressions?",
        "lower() and its like may leak, so an index on them is dead under row security: keep the value in a generated column.",
        catalog!(
            "select i.indexrelid::regclass::text as object,
                    case when i.indexprs is not null then 'is on ' || pg_get_expr(i.indexprs, i.indrelid) end as fault
             from tenant t join pg_index i on i.indrelid = t.oid"
        ),
    ),
];
