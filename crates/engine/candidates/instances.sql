-- Instances that do not require tokens, with what CloudWatch counted of them: what a plan chooses from, in the plan's order.
select
  i.account_id,
  i.region,
  i.arn,
  i.instance_id,
  i.name,
  i.instance_state,
  i.http_tokens,
  i.http_endpoint,
  i.hop_limit,
  i.http_protocol_ipv6,
  i.instance_metadata_tags,
  i.metadata_options_state,
  i.instance_profile,
  i.public_ip_address is not null as public_ip,
  i.launch_time,
  i.autoscaling_group_name,
  managed_by(i.tags) as managed_by,
  owner(i.tags) as owner,
  i.tags,
  a.name as image_name,
  u.metric,
  u.calls,
  u.covered_hours,
  u.window_start,
  u.window_end,
  u.last_nonzero,
  u.rebooted_in_window,
  u.instance_id is not null as asked
from aws_ec2_instance i
left join aws_cloudwatch_imds_usage u
  on u.account_id = i.account_id and u.region = i.region and u.instance_id = i.instance_id
left join aws_ec2_ami a
  on a.account_id = i.account_id and a.region = i.region and a.image_id = i.image_id
where i.instance_state not in ('terminated', 'shutting-down')
  and i.http_tokens is distinct from 'required'
order by i.account_id, i.region, i.instance_id
