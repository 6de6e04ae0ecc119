-- Code that made something which requires tokens now, and would take that away when it is applied.
with live as (
  select
    path,
    start_line,
    address,
    count(*) as live_resources,
    count(*) filter (where live_http_tokens = 'required') as live_required,
    min(id) filter (where live_http_tokens = 'required') as live_id,
    min(account_id) filter (where live_http_tokens = 'required') as live_account_id,
    min(region) filter (where live_http_tokens = 'required') as live_region,
    min(traced_by) as traced_by,
    bool_and(certain) as certain
  from code_origin
  group by path, start_line, address
)
select
  l.*,
  live.live_resources,
  live.live_required,
  live.live_id,
  live.live_account_id,
  live.live_region,
  live.traced_by,
  case
    when live.live_required = 0 then 'nothing-to-revert'
    when l.declared = 'unresolved' then 'unresolved'
    when l.declared = 'optional' and live.certain then 'optional'
    when l.declared = 'absent' and l.sent_http_tokens = 'optional' and live.certain then 'sent-optional'
    when l.declared = 'optional' or (l.declared = 'absent' and l.sent_http_tokens = 'optional') then 'perhaps'
    else 'does-not-revert'
  end as outcome
from code_launch l
join live on live.path = l.path and live.start_line = l.start_line and live.address = l.address
