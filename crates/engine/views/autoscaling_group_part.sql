-- Each part of an Auto Scaling group that an instance can be launched from: its launch configuration, its
-- launch template, that of its mixed instances policy, and those of its overrides. What a part names may
-- be gone, or may not have been read.
select
  g.autoscaling_group_arn as resource,
  g.name,
  g.account_id,
  g.region,
  coalesce(u.part, 'launch template') as part,
  coalesce(u.launch_template_name, u.launch_template_id, 'a template') || ' version ' || coalesce(u.version, '$Default') as launches_from,
  u.launch_template_id,
  u.version_number,
  v.account_id is null and e.account_id is null as gone,
  v.instance_profile,
  -- An override may name an AMI in place of the template's: which launch gets which cannot be said.
  case when not coalesce(g.mixed_instances_policy like '%"ImageId"%', false) then v.image_id end as image_id,
  case when v.account_id is not null then coalesce(v.http_tokens, 'silent') end as declared_http_tokens,
  case when v.account_id is not null then coalesce(v.http_endpoint, 'silent') end as declared_http_endpoint,
  case when v.account_id is not null then coalesce(cast(v.hop_limit as varchar), 'silent') end as declared_hop_limit
from aws_ec2_autoscaling_group g
join aws_ec2_launch_template_use u
  on u.account_id = g.account_id and u.region = g.region and u.launcher = g.autoscaling_group_arn
left join aws_ec2_launch_template_version v
  on v.account_id = u.account_id and v.region = u.region
  and v.launch_template_id = u.launch_template_id and v.version_number = u.version_number
left join (
  select distinct account_id, region from scan_error
  where table_name is null
    or table_name in ('aws_ec2_launch_template_version', 'aws_ec2_launch_template_use')
) e on e.account_id = g.account_id and e.region = g.region
union all
select
  g.autoscaling_group_arn as resource,
  g.name,
  g.account_id,
  g.region,
  'launch configuration' as part,
  g.launch_configuration_name as launches_from,
  cast(null as varchar) as launch_template_id,
  cast(null as bigint) as version_number,
  c.account_id is null and e.account_id is null as gone,
  c.instance_profile,
  c.image_id,
  case when c.account_id is not null then coalesce(c.http_tokens, 'silent') end as declared_http_tokens,
  case when c.account_id is not null then coalesce(c.http_endpoint, 'silent') end as declared_http_endpoint,
  case when c.account_id is not null then coalesce(cast(c.hop_limit as varchar), 'silent') end as declared_hop_limit
from aws_ec2_autoscaling_group g
left join aws_ec2_launch_configuration c
  on c.account_id = g.account_id and c.region = g.region and c.name = g.launch_configuration_name
left join (
  select distinct account_id, region from scan_error
  where table_name is null or table_name = 'aws_ec2_launch_configuration'
) e on e.account_id = g.account_id and e.region = g.region
where g.launch_configuration_name is not null
