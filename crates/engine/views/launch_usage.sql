-- What CloudWatch counted of all instances that were born from a template, one of its versions, or a group:
-- by their tags, terminated ones included as long as EC2 shows them.
with born as (
  select account_id, region, 'launch-template' as kind, launch_template_id as origin,
    cast(null as varchar) as version, instance_id, instance_state
  from aws_ec2_instance where launch_template_id is not null
  union all
  select account_id, region, 'launch-template-version', launch_template_id, launch_template_version,
    instance_id, instance_state
  from aws_ec2_instance where launch_template_id is not null
  union all
  select account_id, region, 'autoscaling-group', autoscaling_group_name, cast(null as varchar),
    instance_id, instance_state
  from aws_ec2_instance where autoscaling_group_name is not null
)
select
  b.account_id,
  b.region,
  b.kind,
  b.origin,
  b.version,
  count(*) as instances,
  count(*) filter (where b.instance_state = 'terminated') as dead,
  -- Calls that were answered are uses; calls that were refused, since tokens are required, are not.
  count(*) filter (where u.calls > 0 and u.metric = 'MetadataNoToken') as used,
  count(*) filter (where u.calls > 0 and u.metric = 'MetadataNoTokenRejected') as refused,
  count(*) filter (where u.calls = 0) as silent,
  count(*) filter (where u.instance_id is not null and u.calls is null) as no_data,
  count(*) filter (where u.instance_id is null) as not_asked,
  sum(u.calls) as calls,
  max(u.last_nonzero) as last_nonzero,
  max(u.covered_hours) as longest_covered_hours
from born b
left join aws_cloudwatch_imds_usage u
  on u.account_id = b.account_id and u.region = b.region and u.instance_id = b.instance_id
group by b.account_id, b.region, b.kind, b.origin, b.version
