-- What launches give: each option resolved on its own, from the launch over the account's default and the
-- AMI to the default of EC2, and enforcement last. The functions are `model::effective`.
--
-- A launch comes with account_id, region, image_id (null or no AMI's id where it is decided elsewhere) and
-- declared_http_tokens, declared_http_endpoint, declared_hop_limit. In these and in the layers below, null
-- is not read and `silent` is read and silent. A row that is missing was not read.
with layered as (
  select
    launch.*,
    case when d.account_id is not null then coalesce(d.http_tokens, 'silent') end as default_http_tokens,
    case when d.account_id is not null then coalesce(d.http_endpoint, 'silent') end as default_http_endpoint,
    case when d.account_id is not null then coalesce(cast(d.hop_limit as varchar), 'silent') end as default_hop_limit,
    case when d.account_id is not null then coalesce(d.http_tokens_enforced, 'silent') end as http_tokens_enforced,
    case when i.account_id is not null then coalesce(i.imds_support, 'silent') end as ami_imds_support,
    d.managed_by as defaults_managed_by
  from (
{launches}
  ) launch
  left join aws_ec2_instance_metadata_defaults d
    on d.account_id = launch.account_id and d.region = launch.region
  left join aws_ec2_ami i
    on i.account_id = launch.account_id and i.region = launch.region and i.image_id = launch.image_id
),
resolved as (
  select
    *,
    effective_http_tokens(declared_http_tokens, default_http_tokens, ami_imds_support) as effective_http_tokens,
    effective_http_endpoint(declared_http_endpoint, default_http_endpoint) as effective_http_endpoint,
    effective_hop_limit(declared_hop_limit, default_hop_limit, ami_imds_support) as effective_hop_limit,
    effective_http_tokens_source(declared_http_tokens, default_http_tokens, ami_imds_support) as effective_source
  from layered
),
judged as (
  select *, launch_gives(effective_http_tokens, effective_http_endpoint, http_tokens_enforced) as gives
  from resolved
)
select
  *,
  -- Which layer would have to be read to know.
  case when gives = 'unknown' then coalesce(
    effective_http_tokens_missing(declared_http_tokens, default_http_tokens, ami_imds_support),
    effective_http_endpoint_missing(declared_http_endpoint, default_http_endpoint),
    'account default'
  ) end as missing
from judged
