-- Whether something stops launches with IMDSv1 in the account, whoever makes them. What the organization's
-- policies achieve through the tree is computed from their texts (`account_guardrail`).
select
  g.*,
  a.name,
  cast(null as varchar) as region,
  cast(null as varchar) as managed_by,
  case
    when launch = 'stopped' and stopped_by = 'ec2-policy' then 'ec2-policy'
    when launch = 'stopped' and stopped_by = 'enforcement' then 'enforcement'
    when launch = 'stopped' then 'scp'
    when launch = 'unknown' then 'unknown'
    when management then 'management-account'
    else 'none'
  end as outcome
from account_guardrail g
left join (select account_id as id, max(name) as name from aws_account group by account_id) a
  on a.id = g.account_id
