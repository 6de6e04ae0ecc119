-- What a Spot specification without a template launches: only the account's default and the AMI decide.
select
  s.*,
  -- What a policy manages, the account cannot set.
  case when s.defaults_managed_by is distinct from 'declarative-policy' then s.region end as region_to_set,
  case
    when s.state in ('closed', 'cancelled', 'failed', 'disabled', 'cancelled_running', 'cancelled_terminating')
      then 'ended'
    when s.kind = 'spot-request' and s.state = 'active' and s.type = 'one-time' then 'fulfilled'
    -- A request that RunInstances makes looks the same, and has the options of that launch.
    when s.gives = 'v1' and i.http_tokens = 'required' then 'options-of-its-own'
    when s.gives = 'v1' then 'launches-imdsv1'
    when s.gives = 'refused' then 'launch-refused'
    when s.gives = 'v2' then 'launches-imdsv2'
    when s.gives = 'endpoint-disabled' then 'endpoint-disabled'
    else 'not-known'
  end as outcome
from spot_specification s
left join aws_ec2_instance i
  on i.account_id = s.account_id and i.region = s.region and i.instance_id = s.instance_id
