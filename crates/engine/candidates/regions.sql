-- Regions with the account's defaults, and whether anything runs or launches there: nothing does only where everything was
-- read.
with running as (
  select
    i.account_id,
    i.region,
    count(*) as instances,
    count(*) filter (where i.http_tokens is distinct from 'required') as optional,
    -- Calls that were answered are uses. Those that were refused are refused whatever the region's defaults say.
    count(*) filter (where u.calls > 0 and u.metric = 'MetadataNoToken') as used,
    count(*) filter (where u.calls > 0 and u.metric = 'MetadataNoTokenRejected') as refused,
    count(*) filter (where u.calls is null) as without_data,
    sum(case when u.metric = 'MetadataNoToken' then u.calls when u.calls is not null then 0 end) as calls,
    min(u.window_start) as window_start,
    max(u.window_end) as window_end,
    max(u.covered_hours) as longest_covered_hours
  from aws_ec2_instance i
  left join aws_cloudwatch_imds_usage u
    on u.account_id = i.account_id and u.region = i.region and u.instance_id = i.instance_id
  where i.instance_state not in ('terminated', 'shutting-down')
  group by i.account_id, i.region
),
launchers as (
  select account_id, region, count(*) as launchers
  from (
    select account_id, region from aws_ec2_autoscaling_group
    union all
    select account_id, region from aws_ec2_spot_request where state in ('open', 'active')
    union all
    select account_id, region from aws_ec2_launch_template_use where active
    union all
    select account_id, region from aws_ec2_launch_template_version
    union all
    select account_id, region from aws_ec2_launch_configuration
  ) launcher
  group by account_id, region
),
launches as (
  select
    account_id,
    region,
    count(*) filter (where gives = 'v1') as v1,
    count(*) filter (where declared_http_tokens = 'optional') as explicit,
    count(*) filter (where gives = 'unknown') as unknown
  from (
    select account_id, region, gives, declared_http_tokens from autoscaling_group_part
    union all
    select account_id, region, gives, declared_http_tokens from launch_template_version
      where default_version
  ) launch
  group by account_id, region
),
unread as (
  select distinct account_id, region from scan_error
  where table_name is null or table_name in (
    'aws_ec2_instance', 'aws_ec2_autoscaling_group', 'aws_ec2_spot_request', 'aws_ec2_launch_template_use',
    'aws_ec2_launch_template_version', 'aws_ec2_launch_configuration', 'aws_ec2_instance_metadata_defaults'
  )
)
select
  d.account_id,
  d.region,
  a.name as account_name,
  coalesce(a.partition, 'aws') as partition,
  d.http_tokens,
  d.http_endpoint,
  d.hop_limit,
  d.instance_metadata_tags,
  d.http_tokens_enforced,
  d.managed_by,
  coalesce(r.instances, 0) as instances,
  coalesce(r.optional, 0) as optional,
  coalesce(r.used, 0) as used,
  coalesce(r.refused, 0) as refused,
  coalesce(r.without_data, 0) as without_data,
  r.calls,
  r.window_start,
  r.window_end,
  r.longest_covered_hours,
  coalesce(l.launchers, 0) as launchers,
  coalesce(v.v1, 0) as launches_v1,
  coalesce(v.explicit, 0) as launches_explicit,
  coalesce(v.unknown, 0) as launches_unknown,
  e.region is not null as unread
from aws_ec2_instance_metadata_defaults d
left join aws_account a on a.account_id = d.account_id
left join running r on r.account_id = d.account_id and r.region = d.region
left join launchers l on l.account_id = d.account_id and l.region = d.region
left join launches v on v.account_id = d.account_id and v.region = d.region
left join unread e on e.account_id = d.account_id and (e.region = d.region or e.region is null)
order by d.account_id, d.region
