-- HttpTokens of the default version as it is declared, as Security Hub reads it.
select
  arn as resource,
  launch_template_name as name,
  account_id,
  region,
  coalesce(managed_by(tags), managed_by(instance_tags), operator) as managed_by,
  tags,
  launch_template_id,
  version_number as default_version,
  http_tokens,
  http_endpoint,
  hop_limit,
  instance_profile,
  -- What others own is theirs: no version is made behind their back. Nor one from a default that is not the
  -- latest: what follows the latest would be thrown back.
  case when latest_version and coalesce(managed_by(tags), managed_by(instance_tags), operator) is null
    then '{"MetadataOptions":' || with_tokens_required(metadata_options) || '}'
  end as launch_template_data,
  case
    when http_tokens = 'required' then 'tokens-required'
    when http_tokens is null then 'not-specified'
    when http_tokens = 'optional' and http_endpoint = 'disabled' then 'tokens-optional-endpoint-disabled'
    when http_tokens = 'optional' then 'tokens-optional'
    else 'unrecognised'
  end as outcome
from aws_ec2_launch_template_version
where default_version
