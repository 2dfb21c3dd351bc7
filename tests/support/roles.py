"""Service roles and users for tests."""

import json


def service_role(aws, name: str, service: str, *actions: str) -> str:
    """A role that `service` may assume and that may do `actions` (everything by default); its ARN."""
    iam = aws("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": list(actions) or "*", "Resource": "*"}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="work", PolicyDocument=_policy(allow))
    return arn


def user_keys(aws, name: str, actions: list[str]) -> dict[str, str]:
    """A new user that may do `actions`: its access key, as `Server.client` takes it."""
    iam = aws("iam")
    iam.create_user(UserName=name)
    allow = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    iam.put_user_policy(UserName=name, PolicyName="work", PolicyDocument=_policy(allow))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}


def _policy(statement: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
