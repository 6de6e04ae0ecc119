"""Writes CloudFormation templates in the shape of a large organization's repository: YAML and JSON, parameters, mappings and
conditions, user data, policies, and what launches instances between them. The same on every machine, to the byte.

    python benches/cloudformation_corpus.py FOLDER [TEMPLATES]
"""

import json
import random
import sys
from pathlib import Path

# Every fifth template is JSON, as the CDK writes it.
JSON_EVERY = 5
PER_FOLDER = 20

HEAD = """AWSTemplateFormatVersion: "2010-09-09"
Description: Stack {number} of the shop  # see the wiki
Parameters:
  Stage:
    Type: String
    Default: {stage}
    AllowedValues: [production, test]
  Tokens:
    Type: String
    Default: {tokens}
  Image:
    Type: AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>
    Default: /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64
Mappings:
  Imds:
    production:
      Tokens: required
    test:
      Tokens: optional
Conditions:
  IsTest: !Equals [!Ref Stage, test]
Resources:
"""


def tokens(chance: random.Random) -> str:
    ways = ["required", "optional", "!Ref Tokens", "!FindInMap [Imds, !Ref Stage, Tokens]", "!If [IsTest, optional, required]"]
    return chance.choice(ways)


def user_data(chance: random.Random) -> str:
    lines = "\n".join(
        f'          yum install -y package-{step} || {{ echo "no package {step}" >&2; exit {step}; }}'
        for step in range(chance.randrange(5, 30))
    )
    return f"      UserData:\n        Fn::Base64: !Sub |\n          #!/bin/bash\n          export REGION=${{AWS::Region}}\n{lines}\n"


def template(chance: random.Random, index: int) -> str:
    options = f"        MetadataOptions:\n          HttpTokens: {tokens(chance)}\n" if chance.random() < 0.7 else ""
    return f"""  Template{index}:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        ImageId: !Ref Image
        InstanceType: t3.micro
{options}  Group{index}:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      MinSize: "1"
      MaxSize: "4"
      LaunchTemplate:
        LaunchTemplateId: !Ref Template{index}
        Version: !GetAtt Template{index}.LatestVersionNumber
"""


def instance(chance: random.Random, index: int) -> str:
    options = f"      MetadataOptions:\n        HttpTokens: {tokens(chance)}\n" if chance.random() < 0.5 else ""
    return f"""  Instance{index}:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: !Ref Image
{options}{user_data(chance)}"""


def role(chance: random.Random, index: int) -> str:
    statements = "".join(
        f"""              - Sid: Statement{number}
                Effect: Allow
                Action: [{", ".join(f"'service{number}:Action{n}'" for n in range(chance.randrange(2, 8)))}]
                Resource: !Sub "arn:${{AWS::Partition}}:s3:::bucket-{number}/*"
"""
        for number in range(chance.randrange(1, 6))
    )
    return f"""  Role{index}:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - {{Effect: Allow, Principal: {{Service: ec2.amazonaws.com}}, Action: "sts:AssumeRole"}}
      Policies:
        - PolicyName: main
          PolicyDocument:
            Statement:
{statements}"""


def bucket(chance: random.Random, index: int) -> str:
    rules = "".join(f"          - {{Id: rule{n}, Status: Enabled, ExpirationInDays: {n + 1}}}\n" for n in range(chance.randrange(1, 5)))
    return f"""  Bucket{index}:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties:
      LifecycleConfiguration:
        Rules:
{rules}"""


def yaml_text(number: int, chance: random.Random) -> str:
    text = HEAD.format(number=number, stage=chance.choice(["production", "test"]), tokens=chance.choice(["required", "optional"]))
    parts = [template] * chance.randrange(0, 3) + [instance] * chance.randrange(0, 3)
    parts += [role] * chance.randrange(1, 5) + [bucket] * chance.randrange(1, 8)
    return text + "".join(part(chance, index) for index, part in enumerate(parts))


def json_text(number: int, chance: random.Random) -> str:
    resources = {}
    for index in range(chance.randrange(1, 4)):
        data = {"ImageId": {"Ref": "Image"}, "InstanceType": "t3.micro"}
        if chance.random() < 0.7:
            data["MetadataOptions"] = {"HttpTokens": chance.choice(["required", "optional"])}
        resources[f"Template{index}F00D{number:04X}"] = {
            "Type": "AWS::EC2::LaunchTemplate",
            "Properties": {"LaunchTemplateData": data},
            "Metadata": {"aws:cdk:path": f"Stack{number}/Template{index}/Resource"},
        }
    for index in range(chance.randrange(4, 30)):
        resources[f"Bucket{index}BEEF{number:04X}"] = {
            "Type": "AWS::S3::Bucket",
            "Properties": {"Tags": [{"Key": f"tag-{n}", "Value": {"Fn::Join": ["-", ["a", {"Ref": "AWS::Region"}]]}} for n in range(4)]},
            "UpdateReplacePolicy": "Retain",
            "Metadata": {"aws:cdk:path": f"Stack{number}/Bucket{index}/Resource"},
        }
    parameters = {"Image": {"Type": "String", "Default": "ami-0abcdef1234567890"}}
    return json.dumps({"Parameters": parameters, "Resources": resources}, indent=1) + "\n"


def generate(root: Path, count: int) -> int:
    """Writes that many templates; gives their bytes."""
    size = 0
    for number in range(count):
        chance = random.Random(number)
        folder = root / f"stacks{number // PER_FOLDER}"
        folder.mkdir(parents=True, exist_ok=True)
        is_json = number % JSON_EVERY == 0
        text = json_text(number, chance) if is_json else yaml_text(number, chance)
        (folder / f"stack{number}.{'template.json' if is_json else 'yaml'}").write_text(text)
        size += len(text)
    return size


def main() -> None:
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    size = generate(Path(sys.argv[1]), count)
    print(f"{count} templates, {size / 1e6:.1f} MB in {sys.argv[1]}")


if __name__ == "__main__":
    main()
