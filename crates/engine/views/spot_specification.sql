-- A launch specification of a Spot request or Spot Fleet: it has no field for metadata options, so that it
-- is silent by construction.
select
  arn as resource,
  request_id as name,
  account_id,
  region,
  managed_by(tags) as managed_by,
  tags,
  kind,
  specification,
  state,
  type,
  instance_profile,
  instance_id,
  image_id,
  'silent' as declared_http_tokens,
  'silent' as declared_http_endpoint,
  'silent' as declared_hop_limit
from aws_ec2_spot_request
