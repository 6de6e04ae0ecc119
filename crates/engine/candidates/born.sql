-- What CloudWatch counted of all instances born from a template or a group, dead ones included, as long as EC2 shows them.
select
  w.account_id,
  w.region,
  w.kind,
  w.origin,
  w.instances,
  w.used,
  w.refused,
  w.silent,
  w.no_data,
  w.not_asked,
  w.calls,
  w.last_nonzero,
  w.longest_covered_hours,
  p.window_start,
  p.window_end
from launch_usage w
left join (
  select account_id, region, min(window_start) as window_start, max(window_end) as window_end
  from aws_cloudwatch_imds_usage group by account_id, region
) p on p.account_id = w.account_id and p.region = w.region
where w.kind in ('launch-template', 'autoscaling-group')
order by w.account_id, w.region, w.kind, w.origin
