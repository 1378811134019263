-- Folders: how an organization sorts its contacts.
create table app.contact_folders (
  org_id text collate "C" not null,
  id uuid not null,
  name text not null,
  name_norm text not null generated always as (lower(name)) stored,
  parent_id uuid,
  color text collate "C" not null,
  revision bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  updated_by text not null,
  constraint contact_folders_pkey primary key (org_id, id),
  constraint contact_folders_org_id_fkey foreign key (org_id) references app.clients (org_id) on delete cascade,
  constraint contact_folders_parent_id_fkey foreign key (org_id, parent_id) references app.contact_folders (org_id, id),
  constraint contact_folders_name_key unique nulls not distinct (org_id, parent_id, name_norm),
  constraint contact_folders_name_check check (length(name) between 1 and 60),
  constraint contact_folders_parent_id_check check (parent_id <> id),
  constraint contact_folders_color_check check (color in ('gray', 'red', 'orange', 'yellow', 'green', 'teal', 'blue', 'violet'))
);

call ops.protect('app.contact_folders', array['name', 'parent_id', 'color', 'revision', 'updated_at', 'updated_by']);
