-- What a place in code gives: what it says, what the tool sends where it is silent, and else what it inherits, as far
-- as AWS evidence or the configuration shows that.
with default_of as (
  -- The account's default: where what it made runs, else the one that is the same everywhere, else what is assumed.
  select
    l.*,
    coalesce(nullif(p.http_tokens, 'unread'), nullif(d.http_tokens, 'unread'), a.account_default) as default_http_tokens,
    case
      when coalesce(p.http_tokens, 'unread') <> 'unread' then p.told_by
      when coalesce(d.http_tokens, 'unread') <> 'unread' then d.told_by
      when a.account_default is not null then 'the account default that the configuration assumes'
    end as default_as
  from code_launch l
  cross join assumption a
  left join inherited_setting d on d.kind = 'account default'
  left join inherited_setting p
    on p.kind = 'default where it runs' and p.name = l.path || ':' || l.start_line || ':' || l.address
),
launch as (
  select
    l.*,
    -- A template that is asked first decides, unless it is silent too; one that is not known leaves it open.
    case
      when l.inherits_template is not null and coalesce(t.http_tokens, 'unread') <> 'silent' then t.http_tokens
      when l.inherits_from like '%"account default"%' then l.default_http_tokens
    end as inherited_http_tokens,
    case
      when l.inherits_template is not null and coalesce(t.http_tokens, 'unread') <> 'silent' then t.told_by
      when l.inherits_from like '%"account default"%' then l.default_as
    end as inherited_as,
    coalesce(nullif(replace(trim(both '[]"' from l.inherits_from), '","', ', then the '), ''), 'whatever launches it') as inherits
  from default_of l
  left join inherited_setting t on t.kind = 'launch template' and t.name = l.inherits_template
)
select
  *,
  case
    when http_endpoint = 'disabled' then 'endpoint-disabled'
    when declared = 'required' then 'required'
    when declared = 'unresolved' then 'unresolved'
    when declared = 'absent' and sent_http_tokens = 'required' then 'sent-required'
    when declared = 'absent' and sent_http_tokens is null and inherited_http_tokens = 'required' then 'inherits-required'
    when http_endpoint = 'unresolved' then 'endpoint-unresolved'
    when declared = 'optional' then 'optional'
    when sent_http_tokens = 'optional' then 'sent-optional'
    when inherited_http_tokens = 'optional' then 'inherits-optional'
    else 'absent'
  end as outcome
from launch
