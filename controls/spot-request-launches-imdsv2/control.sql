-- What a Spot specification without a template launches: only the account's default and the AMI decide.
select
  s.*,
  case
    when s.state in ('closed', 'cancelled', 'failed', 'disabled', 'cancelled_running', 'cancelled_terminating')
      then 'ended'
    when s.kind = 'spot-request' and s.state = 'active' and s.type = 'one-time' then 'fulfilled'
    when s.gives = 'v1' then 'launches-imdsv1'
    when s.gives = 'refused' then 'launch-refused'
    when s.gives = 'v2' then 'launches-imdsv2'
    when s.gives = 'endpoint-disabled' then 'endpoint-disabled'
    else 'not-known'
  end as outcome
from spot_specification s
