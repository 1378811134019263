-- What became of the mail of an invitation stands beside it, and open pages hear of it as of any change of the row.
alter table identity.invitations
  add column mail_id uuid,
  add column mail_sent_at timestamptz,
  add column mail_error text;
create index invitations_mail on identity.invitations (mail_id);

drop function identity.pending_invitations();
create function identity.pending_invitations()
  returns table (id uuid, email text, role text, invited_by text, created_at timestamptz, expires_at timestamptz,
    mail_sent_at timestamptz, mail_error text)
  language sql stable security definer set search_path = ''
  as $$ select i.id, i.email, i.role, u.name, i.created_at, i.expires_at, i.mail_sent_at, i.mail_error
        from identity.invitations i left join identity.users u on u.id = i.invited_by
        where i.org_id = app.current_org() and i.accepted_at is null and i.declined_at is null and i.revoked_at is null
          and i.expires_at > now()
        order by i.created_at, i.id $$;
revoke execute on function identity.pending_invitations() from public;
grant execute on function identity.pending_invitations() to switchboard_app;

create or replace function identity.invite(invitation uuid, address text, as_role text, link_hash bytea, mail uuid, mail_subject text, mail_body text)
  returns void language plpgsql volatile security definer set search_path = ''
  as $$ begin
    update identity.invitations i set revoked_at = now()
      where i.org_id = app.current_org() and i.email_norm = lower(address)
        and i.accepted_at is null and i.declined_at is null and i.revoked_at is null;
    insert into identity.invitations (org_id, id, email, role, token_hash, invited_by, expires_at, mail_id)
      values (app.current_org(), invitation, address, as_role, link_hash, app.current_person(), now() + interval '7 days', mail);
    perform identity.enqueue_mail(mail, address, mail_subject, mail_body);
  end $$;

call ops.hand_over();
