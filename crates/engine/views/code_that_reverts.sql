-- What was made by code that says optional, or whose tool sends that, whatever it has now.
select distinct
  o.account_id,
  o.region,
  o.id,
  coalesce(l.decided_at, l.path || ':' || l.start_line) as place,
  l.address,
  o.traced_by,
  o.certain
from code_origin o
join code_launch l on l.path = o.path and l.start_line = o.start_line and l.address = o.address
where l.declared = 'optional' or (l.declared = 'absent' and l.sent_http_tokens = 'optional')
order by account_id, region, id, place
