-- Accounts where the organization's policies let no instance go back to optional tokens.
select account_id, way_back_reason
from account_guardrail
where way_back = 'stopped'
order by account_id
