"""Key pairs: made, imported, described, and made by a stack."""

import json
import subprocess

import pytest
from botocore.exceptions import ClientError
from tests.support.server import wait_until


@pytest.mark.parametrize(("type", "begins"), [("rsa", "ssh-rsa "), ("ed25519", "ssh-ed25519 ")])
def test_the_private_key_belongs_to_the_public_one(aws, name, tmp_path, type, begins):
    ec2 = aws("ec2")
    made = ec2.create_key_pair(KeyName=name, KeyType=type)
    private = tmp_path / "key"
    private.write_text(made["KeyMaterial"])
    private.chmod(0o600)
    public = subprocess.run(["ssh-keygen", "-y", "-f", private], capture_output=True, text=True, check=True).stdout
    (found,) = ec2.describe_key_pairs(KeyNames=[name], IncludePublicKey=True)["KeyPairs"]
    assert found["PublicKey"].startswith(begins)
    assert found["PublicKey"].split()[:2] == public.split()[:2]
    assert (found["KeyPairId"], found["KeyFingerprint"]) == (made["KeyPairId"], made["KeyFingerprint"])
    assert len(made["KeyFingerprint"]) == (59 if type == "rsa" else 44)


def test_an_imported_key_and_its_tags(aws, name, tmp_path):
    ec2 = aws("ec2")
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", tmp_path / "k"], check=True)
    material = (tmp_path / "k.pub").read_bytes()
    tags = [{"ResourceType": "key-pair", "Tags": [{"Key": "a", "Value": "b"}]}]
    made = ec2.import_key_pair(KeyName=name, PublicKeyMaterial=material, TagSpecifications=tags)
    assert made["KeyFingerprint"].count(":") == 15
    (found,) = ec2.describe_key_pairs(
        Filters=[{"Name": "tag:a", "Values": ["b"]}, {"Name": "key-name", "Values": [name]}]
    )["KeyPairs"]
    assert found["KeyPairId"] == made["KeyPairId"]
    assert "PublicKey" not in found
    assert ec2.delete_key_pair(KeyPairId=made["KeyPairId"])["KeyPairId"] == made["KeyPairId"]
    assert ec2.delete_key_pair(KeyName=name)["Return"] is True


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda ec2, name: ec2.create_key_pair(KeyName=name), "InvalidKeyPair.Duplicate"),
        (lambda ec2, name: ec2.import_key_pair(KeyName="x", PublicKeyMaterial=b"nothing"), "InvalidKey.Format"),
        (lambda ec2, name: ec2.describe_key_pairs(KeyNames=["absent"]), "InvalidKeyPair.NotFound"),
        (lambda ec2, name: ec2.describe_key_pairs(KeyPairIds=["key-0"]), "InvalidKeyPair.NotFound"),
        (lambda ec2, name: ec2.delete_key_pair(), "MissingParameter"),
    ],
)
def test_what_is_refused(aws, name, ask, code):
    ec2 = aws("ec2")
    ec2.create_key_pair(KeyName=name, KeyType="ed25519")
    with pytest.raises(ClientError) as error:
        ask(ec2, name)
    assert error.value.response["Error"]["Code"] == code


def test_a_stack_keeps_the_private_key_in_parameter_store(aws, name):
    cfn, ec2, ssm = aws("cloudformation"), aws("ec2"), aws("ssm")
    key = {"Type": "AWS::EC2::KeyPair", "Properties": {"KeyName": name}}
    outputs = {"Id": {"Value": {"Fn::GetAtt": ["Key", "KeyPairId"]}}}
    cfn.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Key": key}, "Outputs": outputs}))
    (stack,) = wait_until(
        lambda: [s for s in cfn.describe_stacks(StackName=name)["Stacks"] if s["StackStatus"] == "CREATE_COMPLETE"]
    )
    id = stack["Outputs"][0]["OutputValue"]
    secret = ssm.get_parameter(Name=f"/ec2/keypair/{id}", WithDecryption=True)["Parameter"]
    assert secret["Type"] == "SecureString"
    assert secret["Value"].startswith("-----BEGIN RSA PRIVATE KEY-----")
    cfn.delete_stack(StackName=name)
    wait_until(lambda: not [k for k in ec2.describe_key_pairs()["KeyPairs"] if k["KeyName"] == name])
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name=f"/ec2/keypair/{id}")
