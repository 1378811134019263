//! Does the key of every tenant table come first wherever rows are named, so that one organization's rows cannot touch,
//! collide with or hint at another's? It is also the shape that Citus and Yugabyte distribute by (`docs/scaling.md`).

use super::{Group, Rule, catalog, rule};

pub(super) const GROUP: Group = Group {
    name: "shape",
    remedy: "Write a migration that puts org_id (of billing tables client_id) in front of the key, then run this again.",
};

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
        "index-key",
        "Does every index of a tenant table start with its key?",
        "An index over all organizations helps nobody who asks for one of them, and no server could keep a part of it.",
        catalog!(
            "select i.indexrelid::regclass::text as object,
                    case when i.indkey[0] is distinct from t.att and not (t.short = 'clients' and i.indisunique)
                         then 'does not start with ' || coalesce(t.key, 'a key') end as fault
             from tenant t join pg_index i on i.indrelid = t.oid where not t.queue"
        ),
    ),
];
