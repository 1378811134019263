-- The installation that this database belongs to: a mark of the secret that its keys and sealed columns were made with, and the
-- address its server was last reached at. One row at most.
create table identity.installation (
  is_only boolean not null default true,
  secret_mark bytea not null,
  public_url text,
  constraint installation_pkey primary key (is_only),
  constraint installation_only_row check (is_only),
  constraint installation_secret_mark_length check (octet_length(secret_mark) = 32)
);
grant select, insert, update, delete on identity.installation to switchboard_identity;
grant select on identity.installation to switchboard_backup;

call ops.hand_over();
