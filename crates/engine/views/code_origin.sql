-- Which place in code made an instance or a launch template that was found in AWS: by its id in a Terraform state and
-- the address there, or by the tags that CloudFormation puts on what it makes. Where several places could be meant,
-- one beside the state counts; else there is no row. By tags it is certain only where the stack's name is in the path:
-- two templates may use one logical id.
with place as (
  select distinct
    path,
    start_line,
    dialect,
    kind,
    address,
    regexp_replace(address, '\[[^\]]*\]', '', 'g') as plain_address,
    regexp_replace(path, '[^/]*$', '') as folder
  from iac_launch_spec
  where resource_id is null
),
state as (
  select distinct
    resource_id,
    kind,
    regexp_replace(address, '\[[^\]]*\]', '', 'g') as plain_address,
    regexp_replace(path, '[^/]*$', '') as folder,
    path as state_path
  from iac_launch_spec
  where resource_id is not null
),
live as (
  select arn, instance_id as id, account_id, region, http_tokens, tags, 'AWS::EC2::Instance' as type
  from aws_ec2_instance
  where instance_state not in ('terminated', 'shutting-down')
  union all
  select arn, launch_template_id as id, account_id, region, http_tokens, tags, 'AWS::EC2::LaunchTemplate' as type
  from aws_ec2_launch_template_version
  where default_version
),
by_state as (
  select
    live.arn,
    live.id,
    live.account_id,
    live.region,
    live.http_tokens,
    place.path,
    place.start_line,
    place.address,
    'the state ' || state.state_path as traced_by,
    place.folder = state.folder as near,
    count(*) over (partition by live.arn, state.state_path) as candidates,
    sum(case when place.folder = state.folder then 1 else 0 end) over (partition by live.arn, state.state_path) as near_candidates
  from live
  join state on state.resource_id = live.id
  join place on place.dialect = 'terraform' and place.kind = state.kind and place.plain_address = state.plain_address
),
by_tags as (
  select
    live.arn,
    live.id,
    live.account_id,
    live.region,
    live.http_tokens,
    place.path,
    place.start_line,
    place.address,
    'the tags of the stack ' || tag(live.tags, 'aws:cloudformation:stack-name') as traced_by,
    strpos(lower(place.path), lower(tag(live.tags, 'aws:cloudformation:stack-name'))) > 0 as near,
    count(*) over (partition by live.arn) as candidates,
    sum(case when strpos(lower(place.path), lower(tag(live.tags, 'aws:cloudformation:stack-name'))) > 0 then 1 else 0 end) over (partition by live.arn) as near_candidates
  from live
  join place
    on place.dialect = 'cloudformation' and place.kind = live.type
    and place.address = tag(live.tags, 'aws:cloudformation:logical-id')
)
select arn, id, account_id, region, http_tokens as live_http_tokens, path, start_line, address, traced_by, true as certain
from by_state
where candidates = 1 or (near and near_candidates = 1)
union all
select arn, id, account_id, region, http_tokens, path, start_line, address, traced_by, coalesce(near, false) as certain
from by_tags
where candidates = 1 or (near and near_candidates = 1)
