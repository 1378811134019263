-- Contacts: the people an organization talks with.
create table app.contacts (
  org_id text collate "C" not null,
  id uuid not null,
  name text not null default '',
  -- E.164.
  phone text collate "C",
  email text not null default '',
  company text not null default '',
  language text collate "C" not null default '',
  time_zone text collate "C" not null default '',
  folder_id uuid,
  tags text[] not null default '{}',
  custom jsonb not null default '{}',
  notes text not null default '',
  revision bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  updated_by text not null,
  constraint contacts_pkey primary key (org_id, id),
  constraint contacts_org_id_fkey foreign key (org_id) references app.clients (org_id) on delete cascade,
  constraint contacts_folder_id_fkey foreign key (org_id, folder_id) references app.contact_folders (org_id, id),
  constraint contacts_phone_key unique (org_id, phone),
  constraint contacts_phone_check check (phone ~ '^\+[1-9][0-9]{4,14}$'),
  constraint contacts_name_check check (length(name) <= 120 and (name <> '' or phone is not null)),
  constraint contacts_notes_check check (length(notes) <= 10000)
);
create index contacts_folder on app.contacts (org_id, folder_id, created_at desc, id desc);

call ops.protect('app.contacts', array['name', 'phone', 'email', 'company', 'language', 'time_zone', 'folder_id', 'tags', 'custom',
  'notes', 'revision', 'updated_at', 'updated_by']);

-- Whom a call was with, where the number was a contact's.
alter table app.calls add column contact_id uuid;
alter table app.calls add constraint calls_contact_id_fkey foreign key (org_id, contact_id) references app.contacts (org_id, id);
create index calls_contact on app.calls (org_id, contact_id, created_at desc, id desc) where contact_id is not null;
create index calls_to_number on app.calls (org_id, to_number) where contact_id is null and to_number is not null;
grant update (contact_id) on app.calls to switchboard_app, switchboard_worker;
