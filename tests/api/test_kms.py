"""KMS through boto3: keys encrypt, sign and rotate; their policies decide; nothing readable is stored."""

import hashlib
import json

import pytest
from botocore.exceptions import ClientError
from tests.support.server import Server

ROOT = "arn:aws:iam::000000000000:root"


@pytest.fixture
def kms(aws):
    return aws("kms")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]


def refused(code, call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return caught.value.response["Error"]["Message"]


@pytest.fixture
def user(aws, name):
    """(ARN, clients) of a user who may do everything that IAM can allow."""
    iam = aws("iam")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return arn, lambda service: aws(service, key=made["AccessKeyId"], secret=made["SecretAccessKey"])


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(principal, action="kms:*"):
    return {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*"}


def test_encrypts_and_decrypts_without_being_told_the_key(kms, key):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"hello", EncryptionContext={"a": "1", "b": "2"})["CiphertextBlob"]
    assert b"hello" not in blob
    answer = kms.decrypt(CiphertextBlob=blob, EncryptionContext={"b": "2", "a": "1"})
    assert (answer["Plaintext"], answer["KeyId"]) == (b"hello", key["Arn"])
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob)
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob[:-1] + bytes([blob[-1] ^ 1]))
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=b"garbage")


def test_the_wrong_key_is_said_to_be_wrong(kms, key):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    refused("IncorrectKeyException", kms.decrypt, CiphertextBlob=blob, KeyId=other)


def test_data_keys(kms, key):
    made = kms.generate_data_key(KeyId=key["Arn"], KeySpec="AES_256")
    assert len(made["Plaintext"]) == 32
    assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"] == made["Plaintext"]
    assert "Plaintext" not in kms.generate_data_key_without_plaintext(KeyId=key["Arn"], NumberOfBytes=16)
    refused("ValidationException", kms.generate_data_key, KeyId=key["Arn"])
    pair = kms.generate_data_key_pair(KeyId=key["Arn"], KeyPairSpec="ECC_NIST_P256")
    assert kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"])["Plaintext"] == pair["PrivateKeyPlaintext"]
    assert len(kms.generate_random(NumberOfBytes=24)["Plaintext"]) == 24


def test_re_encrypts_under_another_key(kms, key):
    other = kms.create_key()["KeyMetadata"]
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    moved = kms.re_encrypt(
        CiphertextBlob=blob, DestinationKeyId=other["KeyId"], DestinationEncryptionContext={"a": "1"}
    )
    assert (moved["SourceKeyId"], moved["KeyId"]) == (key["Arn"], other["Arn"])
    opened = kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"a": "1"})
    assert opened["KeyId"] == other["Arn"]


def test_states(kms, key):
    key_id = key["KeyId"]
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key_id)
    assert refused("DisabledException", kms.encrypt, KeyId=key_id, Plaintext=b"x") == f"{key['Arn']} is disabled."
    refused("DisabledException", kms.decrypt, CiphertextBlob=blob)
    kms.enable_key(KeyId=key_id)
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert "pending deletion" in refused("KMSInvalidStateException", kms.encrypt, KeyId=key_id, Plaintext=b"x")
    kms.cancel_key_deletion(KeyId=key_id)
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "Disabled"
    kms.enable_key(KeyId=key_id)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_aliases(kms, key, name):
    alias = f"alias/{name}"
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    assert kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"] == key["KeyId"]
    assert [a["AliasName"] for a in kms.list_aliases(KeyId=key["KeyId"])["Aliases"]] == [alias]
    assert "already exists" in refused(
        "AlreadyExistsException", kms.create_alias, AliasName=alias, TargetKeyId=key["KeyId"]
    )
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName=alias, TargetKeyId=other)
    assert kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"] == other
    kms.delete_alias(AliasName=alias)
    refused("NotFoundException", kms.describe_key, KeyId=alias)
    refused("NotFoundException", kms.describe_key, KeyId="00000000-0000-0000-0000-000000000000")


def test_managed_keys_come_into_being_but_are_for_their_service(kms):
    found = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert found["KeyManager"] == "AWS"
    assert kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"] == found["KeyId"]
    refused("AccessDeniedException", kms.encrypt, KeyId="alias/aws/s3", Plaintext=b"x")
    refused("AccessDeniedException", kms.schedule_key_deletion, KeyId=found["KeyId"])
    refused("NotFoundException", kms.describe_key, KeyId="alias/aws/unheard-of")


def test_rotation_keeps_old_ciphertexts_readable(kms, key):
    old = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"old")["CiphertextBlob"]
    kms.rotate_key_on_demand(KeyId=key["KeyId"])
    new = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"new")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
    assert kms.decrypt(CiphertextBlob=new)["Plaintext"] == b"new"
    assert [r["RotationType"] for r in kms.list_key_rotations(KeyId=key["KeyId"])["Rotations"]] == ["ON_DEMAND"]
    kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=90)
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["RotationPeriodInDays"] == 90
    kms.disable_key_rotation(KeyId=key["KeyId"])
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is False


@pytest.mark.parametrize(
    ("spec", "algorithm", "digest"),
    [
        ("RSA_2048", "RSASSA_PSS_SHA_256", "sha256"),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_512", "sha512"),
        ("ECC_NIST_P256", "ECDSA_SHA_256", "sha256"),
        ("ECC_NIST_P384", "ECDSA_SHA_384", "sha384"),
        ("ECC_SECG_P256K1", "ECDSA_SHA_256", "sha256"),
    ],
)
def test_signs(kms, spec, algorithm, digest):
    key = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    signature = kms.sign(KeyId=key, Message=b"m", SigningAlgorithm=algorithm)["Signature"]
    prehashed = {"Message": hashlib.new(digest, b"m").digest(), "MessageType": "DIGEST"}
    params = {"KeyId": key, "Signature": signature, "SigningAlgorithm": algorithm}
    assert kms.verify(**params, **prehashed)["SignatureValid"]
    refused("KMSInvalidSignatureException", kms.verify, **params, Message=b"n")
    assert kms.get_public_key(KeyId=key)["PublicKey"]
    refused("InvalidKeyUsageException", kms.encrypt, KeyId=key, Plaintext=b"x")


def test_rsa_encrypts_and_hmac_authenticates(kms):
    key = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
    how = {"KeyId": key, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    blob = kms.encrypt(**how, Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(**how, CiphertextBlob=blob)["Plaintext"] == b"x"
    key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    how = {"KeyId": key, "Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
    mac = kms.generate_mac(**how)["Mac"]
    assert kms.verify_mac(**how, Mac=mac)["MacValid"]
    refused("KMSInvalidMacException", kms.verify_mac, **how, Mac=mac[::-1])


def test_the_key_policy_decides_even_over_administrators(kms, key, user):
    arn, as_user = user
    theirs = as_user("kms")
    assert theirs.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    closed = policy(allow(ROOT, ["kms:PutKeyPolicy", "kms:GetKeyPolicy"]))
    kms.put_key_policy(KeyId=key["KeyId"], Policy=closed)
    assert "no resource-based policy allows" in refused(
        "AccessDeniedException", theirs.encrypt, KeyId=key["KeyId"], Plaintext=b"x"
    )
    kms.put_key_policy(KeyId=key["KeyId"], Policy=policy(allow(ROOT), allow(arn, "kms:Encrypt")))
    aws_iam = as_user("iam")
    assert aws_iam.list_users()
    assert theirs.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    lockout = policy(allow(arn, "kms:Encrypt"))
    refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=key["KeyId"], Policy=lockout)
    refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=key["KeyId"], Policy="{}")


def test_grants_let_in_whom_the_policy_does_not(kms, key, user):
    arn, as_user = user
    theirs = as_user("kms")
    kms.put_key_policy(
        KeyId=key["KeyId"],
        Policy=policy(allow(ROOT), {**allow(arn), "Effect": "Deny", "Action": "kms:Decrypt"}),
    )
    refused("AccessDeniedException", theirs.decrypt, CiphertextBlob=_blob(kms, key))
    owner_only = policy({**allow(ROOT), "Condition": {"ArnEquals": {"aws:PrincipalArn": ROOT}}})
    kms.put_key_policy(KeyId=key["KeyId"], Policy=owner_only)
    blob = _blob(kms, key, {"team": "a"})
    params = {"CiphertextBlob": blob, "EncryptionContext": {"team": "a"}}
    refused("AccessDeniedException", theirs.decrypt, **params)
    grant = kms.create_grant(
        KeyId=key["KeyId"],
        GranteePrincipal=arn,
        Operations=["Decrypt"],
        Constraints={"EncryptionContextSubset": {"team": "a"}},
    )
    assert theirs.decrypt(**params)["Plaintext"] == b"x"
    refused("AccessDeniedException", theirs.decrypt, CiphertextBlob=_blob(kms, key))
    assert [g["GrantId"] for g in kms.list_grants(KeyId=key["KeyId"])["Grants"]] == [grant["GrantId"]]
    kms.revoke_grant(KeyId=key["KeyId"], GrantId=grant["GrantId"])
    refused("AccessDeniedException", theirs.decrypt, **params)


def _blob(kms, key, context=None):
    return kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext=context or {})["CiphertextBlob"]


def test_tags_and_lists(kms, name):
    made = kms.create_key(Description=name, Tags=[{"TagKey": "a", "TagValue": "1"}])["KeyMetadata"]
    kms.tag_resource(KeyId=made["KeyId"], Tags=[{"TagKey": "b", "TagValue": "2"}])
    kms.untag_resource(KeyId=made["KeyId"], TagKeys=["a"])
    assert kms.list_resource_tags(KeyId=made["KeyId"])["Tags"] == [{"TagKey": "b", "TagValue": "2"}]
    pages = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 3})
    assert made["KeyId"] in {k["KeyId"] for page in pages for k in page["Keys"]}


def test_refusals_name_what_is_not_there(kms):
    refused("UnsupportedOperationException", kms.create_key, Origin="EXTERNAL")
    refused("UnsupportedOperationException", kms.create_key, Origin="EXTERNAL")
    refused("ValidationException", kms.create_key, KeySpec="RSA_2048")


def test_keys_survive_a_kill_and_are_not_in_the_database(tmp_path):
    with Server(tmp_path / "data") as server:
        kms = server.client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
        server.kill()
        master = tmp_path / "data" / "kms-master.key"
        assert master.stat().st_mode & 0o777 == 0o600
        stored = b"".join(path.read_bytes() for path in (tmp_path / "data").glob("state.db*"))
        assert master.read_bytes() not in stored
        server.start()
        assert server.client("kms").decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_multi_region_keys_are_one_key_in_several_regions(aws, kms):
    made = kms.create_key(MultiRegion=True)["KeyMetadata"]
    assert made["KeyId"].startswith("mrk-") and made["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"
    there = aws("kms", region="eu-west-1")
    refused("NotFoundException", there.describe_key, KeyId=made["KeyId"])
    replica = kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion="eu-west-1", Description="far")["ReplicaKeyMetadata"]
    assert (replica["KeyId"], replica["Description"]) == (made["KeyId"], "far") and ":eu-west-1:" in replica["Arn"]
    refused("AlreadyExistsException", kms.replicate_key, KeyId=made["KeyId"], ReplicaRegion="eu-west-1")
    refused("UnsupportedOperationException", there.replicate_key, KeyId=made["KeyId"], ReplicaRegion="us-west-2")
    shown = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]["MultiRegionConfiguration"]
    assert [one["Region"] for one in shown["ReplicaKeys"]] == ["eu-west-1"]

    sealed = kms.encrypt(KeyId=made["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert there.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    kms.rotate_key_on_demand(KeyId=made["KeyId"])
    refused("UnsupportedOperationException", there.rotate_key_on_demand, KeyId=made["KeyId"])
    newer = there.encrypt(KeyId=made["KeyId"], Plaintext=b"y")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=newer)["Plaintext"] == b"y"

    refused("KMSInvalidStateException", kms.schedule_key_deletion, KeyId=made["KeyId"])
    kms.update_primary_region(KeyId=made["KeyId"], PrimaryRegion="eu-west-1")
    primary = there.describe_key(KeyId=made["KeyId"])["KeyMetadata"]["MultiRegionConfiguration"]["PrimaryKey"]
    assert primary["Region"] == "eu-west-1"
    kms.schedule_key_deletion(KeyId=made["KeyId"])
    there.schedule_key_deletion(KeyId=made["KeyId"])


def test_edwards_keys_sign_whole_messages(kms):
    made = kms.create_key(KeySpec="ECC_NIST_EDWARDS25519", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    how = {"KeyId": made["KeyId"], "SigningAlgorithm": made["SigningAlgorithms"][0]}
    signature = kms.sign(**how, Message=b"m")["Signature"]
    assert len(signature) == 64
    assert kms.verify(**how, Message=b"m", Signature=signature)["SignatureValid"]
    refused("KMSInvalidSignatureException", kms.verify, **how, Message=b"n", Signature=signature)
    refused("ValidationException", kms.sign, **how, Message=b"m" * 64, MessageType="DIGEST")
    refused("InvalidKeyUsageException", kms.sign, **(how | {"SigningAlgorithm": "ED25519_PH_SHA_512"}), Message=b"m")
