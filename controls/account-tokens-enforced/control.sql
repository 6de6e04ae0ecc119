-- HttpTokensEnforced, over all of its regions that were to be read.
with place as (
  select account_id, region from aws_region where read
  union
  select account_id, region from aws_ec2_instance_metadata_defaults
  union
  -- A region that did not answer, and that no list of regions names.
  select account_id, region from scan_error
  where region is not null and table_name = 'aws_ec2_instance_metadata_defaults'
),
setting as (
  select
    p.account_id,
    p.region,
    d.managed_by,
    d.http_tokens,
    case
      when d.account_id is null then 'unread'
      when d.http_tokens_enforced = 'enabled' then 'enabled'
      when d.http_tokens_enforced is null or d.http_tokens_enforced in ('disabled', 'no-preference')
        then 'disabled'
      else 'unrecognised'
    end as enforcement
  from place p
  left join aws_ec2_instance_metadata_defaults d on d.account_id = p.account_id and d.region = p.region
),
account as (
  select
    account_id,
    count(*) as regions,
    string_agg(region, ', ' order by region) filter (where enforcement = 'enabled') as regions_enforced,
    string_agg(region, ', ' order by region) filter (where enforcement = 'disabled') as regions_failing,
    string_agg(region, ', ' order by region) filter (where enforcement = 'unread') as regions_unread,
    string_agg(region, ', ' order by region) filter (where enforcement = 'unrecognised') as regions_unrecognised,
    string_agg(region, ', ' order by region) filter (where managed_by = 'declarative-policy') as regions_by_policy,
    -- What a policy manages, the account cannot set; and where silent launches do not get required tokens,
    -- enforcement alone would refuse them all.
    string_agg(region, ', ' order by region)
      filter (where enforcement = 'disabled' and http_tokens = 'required'
        and managed_by is distinct from 'declarative-policy')
      as regions_to_set
  from setting
  group by account_id
)
select
  'arn:' || coalesce(a.partition, 'aws') || ':iam::' || a.account_id || ':root' as resource,
  a.name,
  a.account_id,
  cast(null as varchar) as region,
  cast(null as varchar) as managed_by,
  cast(null as varchar) as tags,
  coalesce(s.regions, 0) as regions,
  s.regions_enforced,
  s.regions_failing,
  s.regions_unread,
  s.regions_unrecognised,
  s.regions_by_policy,
  s.regions_to_set,
  case
    when s.regions_failing is not null then 'not-enforced'
    when s.regions is null then 'account-not-read'
    when s.regions_unread is not null then 'regions-not-read'
    when s.regions_unrecognised is not null then 'unrecognised'
    else 'enforced'
  end as outcome
from aws_account a
left join account s on s.account_id = a.account_id
