"""Encryption and resource policies through boto3."""

import json
import time

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def xray(aws, name):
    return aws("xray", region=f"eu-{name[-6:]}-1")


def refused(code, call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code, caught.value


def policy(effect="Allow", action="xray:PutTraceSegments"):
    statement = {"Effect": effect, "Principal": {"Service": "sns.amazonaws.com"}, "Action": action, "Resource": "*"}
    if effect == "Deny":
        statement["Principal"] = "*"
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_encryption_needs_a_usable_key(xray, aws):
    assert xray.get_encryption_config()["EncryptionConfig"] == {"Status": "ACTIVE", "Type": "NONE"}
    kms = aws("kms", region=xray.meta.region_name)
    key = kms.create_key()["KeyMetadata"]
    told = xray.put_encryption_config(Type="KMS", KeyId=key["KeyId"])["EncryptionConfig"]
    assert told == {"Status": "UPDATING", "Type": "KMS", "KeyId": key["Arn"]}
    deadline = time.monotonic() + 20
    while xray.get_encryption_config()["EncryptionConfig"]["Status"] != "ACTIVE":
        assert time.monotonic() < deadline
    refused("InvalidRequestException", xray.put_encryption_config, Type="KMS")
    refused("InvalidRequestException", xray.put_encryption_config, Type="NONE", KeyId=key["KeyId"])
    refused("InvalidRequestException", xray.put_encryption_config, Type="KMS", KeyId="alias/nobody")
    kms.disable_key(KeyId=key["KeyId"])
    refused("InvalidRequestException", xray.put_encryption_config, Type="KMS", KeyId=key["KeyId"])
    assert xray.put_encryption_config(Type="NONE")["EncryptionConfig"]["Type"] == "NONE"


def test_resource_policies_have_revisions(xray):
    first = xray.put_resource_policy(PolicyName="p", PolicyDocument=policy())["ResourcePolicy"]
    assert (first["PolicyDocument"], first["PolicyRevisionId"]) == (policy(), "1")
    second = xray.put_resource_policy(PolicyName="p", PolicyDocument=policy(), PolicyRevisionId="1")["ResourcePolicy"]
    assert second["PolicyRevisionId"] == "2"
    for stale in ("0", "1"):
        refused(
            "InvalidPolicyRevisionIdException",
            xray.put_resource_policy,
            PolicyName="p",
            PolicyDocument=policy(),
            PolicyRevisionId=stale,
        )
    assert [one["PolicyName"] for one in xray.list_resource_policies()["ResourcePolicies"]] == ["p"]
    refused("InvalidPolicyRevisionIdException", xray.delete_resource_policy, PolicyName="p", PolicyRevisionId="1")
    xray.delete_resource_policy(PolicyName="p", PolicyRevisionId="2")
    refused("InvalidRequestException", xray.delete_resource_policy, PolicyName="p")
    assert xray.list_resource_policies()["ResourcePolicies"] == []


def test_bad_resource_policies_are_refused(xray):
    put = xray.put_resource_policy
    refused("MalformedPolicyDocumentException", put, PolicyName="p", PolicyDocument="{")
    refused("PolicySizeLimitExceededException", put, PolicyName="p", PolicyDocument=policy() + " " * 5200)
    lockout = policy("Deny", "xray:*")
    refused("LockoutPreventionException", put, PolicyName="p", PolicyDocument=lockout)
    put(PolicyName="p", PolicyDocument=lockout, BypassPolicyLockoutCheck=True)
    for number in range(4):
        put(PolicyName=f"p{number}", PolicyDocument=policy())
    refused("PolicyCountLimitExceededException", put, PolicyName="p5", PolicyDocument=policy())
