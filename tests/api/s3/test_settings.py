"""S3 buckets' settings: encryption, policies, lifecycle, tags."""

import io
import os

from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED
from botocore.config import Config
from tests.api.s3.told import MIB, public_policy, refusal


def test_encrypts_when_asked_and_only_then(server, s3, bucket):
    secret = b"findme-" + os.urandom(8).hex().encode() + b"-findme" * 4
    s3.put_object(Bucket=bucket, Key="plain", Body=b"plain-" + secret)
    s3.put_object(Bucket=bucket, Key="sealed", Body=b"sealed" + secret[::-1], ServerSideEncryption="AES256")
    assert "ServerSideEncryption" not in s3.head_object(Bucket=bucket, Key="plain")
    assert s3.head_object(Bucket=bucket, Key="sealed")["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket=bucket, Key="sealed")["Body"].read() == b"sealed" + secret[::-1]
    stored = b"".join(p.read_bytes() for p in server.data_dir.glob("state.db*"))
    assert secret in stored
    assert secret[::-1] not in stored


def test_default_encryption_reaches_every_way_of_writing(s3, bucket):
    rule = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    assert refusal(s3.get_bucket_encryption, Bucket=bucket)[0] == "ServerSideEncryptionConfigurationNotFoundError"
    s3.put_object(Bucket=bucket, Key="before", Body=b"x" * 100)
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rule)
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0][
        "ApplyServerSideEncryptionByDefault"
    ] == {"SSEAlgorithm": "AES256"}
    body = os.urandom(12 * MIB + 5)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    s3.upload_fileobj(io.BytesIO(body), bucket, "parts", Config=config)
    assert s3.head_object(Bucket=bucket, Key="parts")["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket=bucket, Key="parts")["Body"].read() == body
    cut = s3.get_object(Bucket=bucket, Key="parts", Range="bytes=5000001-11000003")["Body"].read()
    assert cut == body[5000001:11000004]
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/parts")
    assert s3.get_object(Bucket=bucket, Key="copy", Range="bytes=-100")["Body"].read() == body[-100:]
    s3.copy_object(Bucket=bucket, Key="sealed", CopySource=f"{bucket}/before")
    assert s3.head_object(Bucket=bucket, Key="sealed")["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket=bucket, Key="sealed")["Body"].read() == b"x" * 100
    s3.delete_bucket_encryption(Bucket=bucket)


def test_public_access_is_blocked_until_it_is_allowed(aws, s3, bucket):
    nobody = aws("s3", config=Config(signature_version=UNSIGNED))
    s3.put_object(Bucket=bucket, Key="open/k", Body=b"hello")
    s3.put_object(Bucket=bucket, Key="closed", Body=b"secret")
    assert refusal(nobody.get_object, Bucket=bucket, Key="open/k") == ("AccessDenied", 403)
    assert refusal(s3.put_bucket_policy, Bucket=bucket, Policy=public_policy(bucket)) == ("AccessDenied", 403)
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=public_policy(bucket))
    assert nobody.get_object(Bucket=bucket, Key="open/k")["Body"].read() == b"hello"
    assert refusal(nobody.get_object, Bucket=bucket, Key="closed") == ("AccessDenied", 403)
    assert refusal(nobody.put_object, Bucket=bucket, Key="open/k", Body=b"x") == ("AccessDenied", 403)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]
    block = {"RestrictPublicBuckets": True}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    assert refusal(nobody.get_object, Bucket=bucket, Key="open/k") == ("AccessDenied", 403)


def test_policies_are_checked(s3, bucket):
    assert refusal(s3.get_bucket_policy, Bucket=bucket) == ("NoSuchBucketPolicy", 404)
    assert refusal(s3.put_bucket_policy, Bucket=bucket, Policy="{}") == ("MalformedPolicy", 400)
    elsewhere = public_policy("another-bucket")
    assert refusal(s3.put_bucket_policy, Bucket=bucket, Policy=elsewhere) == ("MalformedPolicy", 400)
    denied = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:PutObject",'
        f'"Resource":"arn:aws:s3:::{bucket}/*"}}]}}'
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=denied)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == denied
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"x") == ("AccessDenied", 403)
    s3.delete_bucket_policy(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")


def test_settings_are_put_got_and_deleted(s3, bucket):
    assert refusal(s3.get_bucket_tagging, Bucket=bucket) == ("NoSuchTagSet", 404)
    tags = [{"Key": "team", "Value": "a"}]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    s3.delete_bucket_tagging(Bucket=bucket)
    assert refusal(s3.get_bucket_lifecycle_configuration, Bucket=bucket) == ("NoSuchLifecycleConfiguration", 404)
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 3}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [rule]
    moved = {**rule, "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [moved]})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [moved]
    early = {**rule, "Transitions": [{"Days": 1, "StorageClass": "STANDARD_IA"}]}
    refused = refusal(s3.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration={"Rules": [early]})
    assert refused == ("InvalidArgument", 400)
    s3.delete_bucket_lifecycle(Bucket=bucket)
    ownership = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert s3.get_bucket_acl(Bucket=bucket)["Grants"][0]["Permission"] == "FULL_CONTROL"
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]["BlockPublicPolicy"]
    wrong_owner = refusal(s3.get_bucket_acl, Bucket=bucket, ExpectedBucketOwner="111111111111")
    assert wrong_owner == ("AccessDenied", 403)


def test_a_killed_server_keeps_what_it_acknowledged(tmp_path):
    from tests.support.server import Server

    with Server(tmp_path / "data") as own:
        s3 = own.client("s3")
        s3.create_bucket(Bucket="survivor")
        bodies = {f"k{n}": os.urandom(10 ** (n % 7)) for n in range(21)}
        for key, body in bodies.items():
            s3.put_object(Bucket="survivor", Key=key, Body=body)
        own.kill()
        own.start()
        s3 = own.client("s3")
        for key, body in bodies.items():
            assert s3.get_object(Bucket="survivor", Key=key)["Body"].read() == body


def test_what_a_bucket_never_has_is_told_as_s3_tells_it(s3, bucket):
    assert refusal(s3.get_bucket_cors, Bucket=bucket) == ("NoSuchCORSConfiguration", 404)
    assert refusal(s3.get_bucket_website, Bucket=bucket) == ("NoSuchWebsiteConfiguration", 404)
    assert refusal(s3.get_bucket_replication, Bucket=bucket) == ("ReplicationConfigurationNotFoundError", 404)
    assert refusal(s3.get_object_lock_configuration, Bucket=bucket) == ("ObjectLockConfigurationNotFoundError", 404)
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=bucket)
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    website = {"IndexDocument": {"Suffix": "index.html"}}
    assert refusal(s3.put_bucket_website, Bucket=bucket, WebsiteConfiguration=website) == ("NotImplemented", 501)
