-- Accounts, their names and where they stand.
select account_id, max(name) as name, max(organizational_unit) as organizational_unit,
  max(organizational_path) as organizational_path, max(arn) as arn
from aws_account
group by account_id
order by account_id
