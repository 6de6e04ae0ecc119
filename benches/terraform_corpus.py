"""Writes Terraform code in the shape of a large organization's repository: modules, environments that call
them, locals, heredocs with user data, long policies. The same on every machine, to the byte.

    python benches/terraform_corpus.py FOLDER [FILES]
"""

import random
import sys
from pathlib import Path

MODULES = 120
KINDS = ["main", "variables", "outputs", "locals", "iam", "network", "data", "storage", "alarms", "instances"]


def user_data(chance: random.Random) -> str:
    lines = ["#!/bin/bash", "set -euo pipefail", "export REGION=${data.aws_region.current.name}"]
    for step in range(chance.randrange(8, 40)):
        lines.append(f'yum install -y package-{step} || {{ echo "no package {step}" >&2; exit {step}; }}')
    return "\n".join(lines)


def policy(chance: random.Random, name: str) -> str:
    statements = []
    for index in range(chance.randrange(3, 12)):
        actions = ",\n".join(f'          "service{index}:Action{n}"' for n in range(chance.randrange(3, 14)))
        statements.append(
            f"""      {{
        Sid    = "Statement{index}"
        Effect = "Allow"
        Action = [
{actions}
        ]
        Resource = ["arn:aws:s3:::${{var.name}}-{index}/*", aws_kms_key.main.arn]
        Condition = {{
          StringEquals = {{ "aws:RequestedRegion" = var.region }}
        }}
      }}"""
        )
    body = ",\n".join(statements)
    return f"""resource "aws_iam_policy" "{name}" {{
  name = "${{local.prefix}}-{name}"
  policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [
{body}
    ]
  }})
}}
"""


def tags(indent: str) -> str:
    return f'{indent}tags = merge(local.tags, {{ Name = "${{local.prefix}}-main" }})\n'


def variables(chance: random.Random) -> str:
    text = 'variable "tokens" {\n  type        = string\n  default     = "optional"\n  description = "http_tokens"\n}\n\n'
    for index in range(chance.randrange(10, 30)):
        text += f"""variable "setting_{index}" {{
  type        = map(object({{ name = string, size = optional(number, {index}) }}))
  description = "What is set by number {index}, and why: see the wiki"
  default     = {{}}
}}

"""
    return text + 'variable "name" {}\nvariable "region" {\n  default = "eu-west-1"\n}\n'


def locals_(chance: random.Random) -> str:
    text = "locals {\n  prefix = \"${var.name}-${var.region}\"\n  tags = {\n    Team = \"shop\"\n  }\n  hosts = {\n"
    for index in range(chance.randrange(5, 40)):
        tokens = "optional" if index % 9 == 0 else "required"
        text += f'    host-{index} = {{ type = "t3.micro", http_tokens = "{tokens}", zone = "eu-west-1{"abc"[index % 3]}" }}\n'
    return text + "  }\n}\n"


def instances(chance: random.Random) -> str:
    text = ""
    for index in range(chance.randrange(0, 3)):
        text += f"""resource "aws_instance" "web_{index}" {{
  for_each      = local.hosts
  ami           = data.aws_ami.main.id
  instance_type = each.value.type # {index}
  user_data     = <<-EOF
{user_data(chance)}
  EOF

  metadata_options {{
    http_endpoint = "enabled"
    http_tokens   = {chance.choice(['each.value.http_tokens', 'var.tokens', '"required"'])}
  }}

{tags("  ")}}}

"""
    return text + f"""resource "aws_launch_template" "main" {{
  name_prefix = local.prefix
  user_data = base64encode(<<EOT
{user_data(chance)}
EOT
  )
  dynamic "metadata_options" {{
    for_each = length(local.hosts) > 3 ? [1] : []
    content {{
      http_tokens = "required"
    }}
  }}
}}

resource "aws_autoscaling_group" "main" {{
  min_size = 1
  max_size = {chance.randrange(2, 9)}
  launch_template {{
    id      = aws_launch_template.main.id
    version = "$Latest"
  }}
}}
"""


def network(chance: random.Random) -> str:
    text = ""
    for index in range(chance.randrange(4, 14)):
        text += f"""resource "aws_security_group_rule" "rule_{index}" {{
  type              = "ingress"
  from_port         = {1000 + index}
  to_port           = {1000 + index}
  protocol          = "tcp"
  cidr_blocks       = [for net in var.setting_1 : net.name if can(net.size)]
  security_group_id = aws_security_group.main[{index}].id
}}

"""
    return text


def storage(chance: random.Random) -> str:
    return "\n".join(
        f'resource "aws_s3_bucket" "bucket_{index}" {{\n  bucket = "${{local.prefix}}-{index}"\n{tags("  ")}}}\n'
        for index in range(chance.randrange(5, 25))
    )


def text_of(kind: str, chance: random.Random) -> str:
    match kind:
        case "variables":
            return variables(chance)
        case "locals":
            return locals_(chance)
        case "iam":
            return "\n".join(policy(chance, f"policy_{index}") for index in range(chance.randrange(2, 6)))
        case "network":
            return network(chance)
        case "instances":
            return instances(chance)
        case "outputs":
            return "\n".join(
                f'output "out_{index}" {{\n  value = aws_s3_bucket.bucket_{index}.arn\n}}\n' for index in range(8)
            )
        case "data":
            return 'data "aws_region" "current" {}\ndata "aws_ami" "main" {\n  most_recent = true\n}\n'
        case _:
            return storage(chance)


def calls(number: int, modules: int, chance: random.Random) -> str:
    text = ""
    for index in range(chance.randrange(2, 6)):
        module = chance.randrange(modules)
        text += f"""module "part_{index}" {{
  source = "../../modules/m{module}"
  name   = "e{number}-{index}"
  tokens = "{chance.choice(["required", "optional"])}"
}}

"""
    return text + f"""module "host" {{
  source  = "terraform-aws-modules/ec2-instance/aws"
  version = "{chance.choice(["~> 5.0", "5.8.0", "6.0.2", "4.1.0"])}"
  name    = "e{number}"
}}
"""


def generate(root: Path, files: int, modules: int = MODULES) -> int:
    """Writes that many files, so many folders of which are modules; gives their bytes."""
    size = 0
    for number in range(files // len(KINDS)):
        chance = random.Random(number)
        is_module = number < modules
        folder = root / (f"modules/m{number}" if is_module else f"environments/e{number}")
        folder.mkdir(parents=True, exist_ok=True)
        for kind in KINDS:
            text = calls(number, modules, chance) if kind == "main" and not is_module else text_of(kind, chance)
            (folder / f"{kind}.tf").write_text(text)
            size += len(text)
    return size


def main() -> None:
    files = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    size = generate(Path(sys.argv[1]), files)
    print(f"{files} files, {size / 1e6:.1f} MB in {sys.argv[1]}")


if __name__ == "__main__":
    main()
