-- Auto Scaling groups: what they launch from and what that gives.
select
  g.autoscaling_group_arn as resource,
  g.name,
  g.account_id,
  g.region,
  managed_by(g.tags) as managed_by,
  owner(g.tags) as owner,
  g.tags,
  g.status,
  g.desired_capacity,
  g.launch_configuration_name,
  p.gives_v1,
  p.instance_profile,
  m.members,
  m.optional_members
from aws_ec2_autoscaling_group g
left join (
  select account_id, region, resource, bool_or(gives = 'v1') as gives_v1, max(instance_profile) as instance_profile
  from autoscaling_group_part group by account_id, region, resource
) p on p.account_id = g.account_id and p.region = g.region and p.resource = g.autoscaling_group_arn
left join (
  select
    m.account_id,
    m.region,
    m.autoscaling_group_arn,
    count(*) as members,
    count(*) filter (where i.http_tokens is distinct from 'required') as optional_members
  from aws_ec2_autoscaling_group_member m
  left join aws_ec2_instance i
    on i.account_id = m.account_id and i.region = m.region and i.instance_id = m.instance_id
  group by m.account_id, m.region, m.autoscaling_group_arn
) m on m.account_id = g.account_id and m.region = g.region and m.autoscaling_group_arn = g.autoscaling_group_arn
order by g.account_id, g.region, g.name
