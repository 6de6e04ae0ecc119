-- Regions where an account enforces required tokens: no instance there goes back to optional ones.
select account_id, region
from aws_ec2_instance_metadata_defaults
where http_tokens_enforced = 'enabled'
order by account_id, region
