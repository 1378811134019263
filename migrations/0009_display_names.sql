-- Everybody is called something: whoever came without a name is called by what their address begins with until more is heard of them.
update identity.users set name = coalesce(nullif(left(split_part(email, '@', 1), 120), ''), 'Member') where name = '';
alter table identity.users drop constraint users_name_length;
alter table identity.users add constraint users_name_length check (length(name) between 1 and 120);
