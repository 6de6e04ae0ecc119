-- An infrastructure configuration of Image Builder, and what it declares. The AMI is the base image of
-- each recipe that is built with it: another one each time.
select
  arn as resource,
  name,
  account_id,
  region,
  managed_by(tags) as managed_by,
  tags,
  instance_profile,
  cast(null as varchar) as image_id,
  coalesce(http_tokens, 'silent') as declared_http_tokens,
  coalesce(http_endpoint, 'silent') as declared_http_endpoint,
  coalesce(cast(hop_limit as varchar), 'silent') as declared_hop_limit
from aws_imagebuilder_infrastructure_configuration
