-- What launches inherit that say nothing themselves, as far as AWS evidence agrees on it: the account's default
-- over all regions of all accounts that were to be read, for code that is traced to what it made the default where that
-- runs, and each launch template by name and by id over the
-- versions that are kept of it. `unread` where a part is missing, `different` where parts disagree.
with region_default as (
  select
    place.account_id,
    place.region,
    known.region is not null as known,
    case
      when known.http_tokens in ('required', 'optional') then known.http_tokens
      else 'silent'
    end as http_tokens
  from (
    select account_id, region from aws_region where read
    union all
    -- An account without a region is one that could not be entered.
    select account_id, cast(null as varchar) as region from aws_account
    where account_id not in (select account_id from aws_region where read)
  ) place
  left join aws_ec2_instance_metadata_defaults known
    on known.account_id = place.account_id and known.region = place.region
),
template as (
  select launch_template_name as name, http_tokens from aws_ec2_launch_template_version
  union all
  select launch_template_id as name, http_tokens from aws_ec2_launch_template_version
)
select
  'account default' as kind,
  cast(null as varchar) as name,
  case
    when count(*) filter (where not known) > 0 then 'unread'
    when min(http_tokens) = max(http_tokens) then min(http_tokens)
    else 'different'
  end as http_tokens,
  'the account default of every region that was read (' || count(*) || ')' as told_by
from region_default
having count(*) > 0
union all
select
  'launch template' as kind,
  name,
  case
    when min(coalesce(http_tokens, 'silent')) = max(coalesce(http_tokens, 'silent')) then min(coalesce(http_tokens, 'silent'))
    else 'different'
  end as http_tokens,
  'the launch template ' || name || ' as read in AWS' as told_by
from template
where name is not null
group by name
union all
select
  'default where it runs' as kind,
  o.path || ':' || o.start_line || ':' || o.address as name,
  case
    when count(*) filter (where d.region is null) > 0 then 'unread'
    when min(case when d.http_tokens in ('required', 'optional') then d.http_tokens else 'silent' end)
      = max(case when d.http_tokens in ('required', 'optional') then d.http_tokens else 'silent' end)
      then min(case when d.http_tokens in ('required', 'optional') then d.http_tokens else 'silent' end)
    else 'different'
  end as http_tokens,
  'the account default of ' || min(o.account_id) || ' ' || min(o.region) || ', where ' || min(o.id) || ' runs' as told_by
from code_origin o
left join aws_ec2_instance_metadata_defaults d on d.account_id = o.account_id and d.region = o.region
where o.certain
group by o.path, o.start_line, o.address
