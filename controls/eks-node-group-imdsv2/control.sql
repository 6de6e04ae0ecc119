-- What the nodes of a managed node group get: through the Auto Scaling groups that launch them, else through
-- the template version that the node group names.
with part as (
  select
    n.arn,
    n.account_id,
    n.region,
    'Auto Scaling group ' || p.name || ', ' || p.part || ': ' || p.launches_from as launched_by,
    p.gives,
    p.effective_source,
    p.missing,
    p.instance_profile
  from aws_eks_node_group n
  join autoscaling_group_part p
    on p.account_id = n.account_id and p.region = n.region
    and strpos(n.autoscaling_groups, '"' || p.name || '"') > 0
),
version as (
  select
    n.arn,
    n.account_id,
    n.region,
    coalesce(n.launch_template_name, n.launch_template_id) || ' version ' || n.launch_template_version as launched_by,
    v.gives,
    v.effective_source,
    v.missing,
    v.instance_profile
  from aws_eks_node_group n
  join launch_template_version v
    on v.account_id = n.account_id and v.region = n.region
    and v.launch_template_id = n.launch_template_id
    and (
      cast(v.version_number as varchar) = n.launch_template_version
      or (n.launch_template_version = '$Default' and v.default_version)
      or (n.launch_template_version = '$Latest' and v.latest_version)
    )
),
certain_part as (
  select distinct arn from part where gives <> 'unknown'
),
certain_version as (
  select distinct arn from version where gives <> 'unknown'
),
-- Parts, unless they say nothing certain and the version does; the version where no part is certain.
way as (
  select p.*
  from part p
  left join certain_part c on c.arn = p.arn
  left join certain_version v on v.arn = p.arn
  where c.arn is not null or v.arn is null
  union all
  select v.*
  from version v
  left join certain_part c on c.arn = v.arn
  where c.arn is null
),
nodes as (
  select
    arn,
    account_id,
    region,
    count(*) as ways,
    count(*) filter (where gives = 'endpoint-disabled') as disabled_ways,
    max(instance_profile) as instance_profile,
    max(effective_source) as effective_source,
    string_agg(launched_by, '; ' order by launched_by) as launched_by,
    string_agg(launched_by || ' (' || effective_source || ')', '; ' order by launched_by)
      filter (where gives = 'v1') as imdsv1_by,
    string_agg(launched_by || ' (' || effective_source || ')', '; ' order by launched_by)
      filter (where gives = 'refused') as refused_by,
    string_agg(launched_by || ' (' || missing || ' not known)', '; ' order by launched_by)
      filter (where gives = 'unknown') as unknown_by
  from way
  group by arn, account_id, region
)
select
  n.arn as resource,
  n.node_group_name as name,
  n.account_id,
  n.region,
  'eks:' || n.cluster_name as managed_by,
  n.tags,
  n.cluster_name,
  n.status,
  n.ami_type,
  n.release_version,
  n.launch_template_id,
  n.launch_template_version,
  w.launched_by,
  w.imdsv1_by,
  w.refused_by,
  w.unknown_by,
  w.effective_source,
  w.instance_profile,
  case
    when n.status = 'DELETING' then 'being-deleted'
    when w.ways is null then 'launch-not-read'
    when w.imdsv1_by is not null then 'launches-imdsv1'
    when w.refused_by is not null then 'launch-refused'
    when w.unknown_by is not null then 'not-known'
    when w.disabled_ways = w.ways then 'endpoint-disabled'
    else 'launches-imdsv2'
  end as outcome
from aws_eks_node_group n
left join nodes w on w.arn = n.arn and w.account_id = n.account_id and w.region = n.region
