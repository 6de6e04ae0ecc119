-- AMIs that an account owns and that do not ask for version 2.
select arn as resource, image_id, name, account_id, region, owner(tags) as owner, tags, state, in_use
from aws_ec2_ami
where owned and imds_support is distinct from 'v2.0'
order by account_id, region, image_id
