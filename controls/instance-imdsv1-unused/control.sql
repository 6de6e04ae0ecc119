-- Whether an instance was seen to use version 1 in the window, and whether the window can tell. Zero and
-- nothing are kept apart.
select
  i.*,
  u.metric,
  u.calls,
  u.covered_hours,
  u.days_with_data,
  u.first_datapoint,
  u.last_datapoint,
  u.last_nonzero,
  u.rebooted_in_window,
  u.window_start,
  u.window_end,
  case
    when i.instance_state = 'terminated' then 'terminated'
    when u.calls > 0 and u.metric = 'MetadataNoTokenRejected' then 'refused-calls'
    when u.calls > 0 then 'used'
    when i.http_endpoint = 'disabled' then 'endpoint-disabled'
    when u.instance_id is null then 'not-asked'
    when u.calls is null then 'no-data'
    when u.covered_hours * 2 < date_part('epoch', u.window_end - u.window_start) / 3600 then 'short'
    when u.rebooted_in_window is not true then 'no-start'
    else 'unused'
  end as outcome
from instance i
left join aws_cloudwatch_imds_usage u
  on u.account_id = i.account_id and u.region = i.region and u.instance_id = i.instance_id
