"""A bucket's settings: each is a document that is put, got and deleted by name."""

from dataclasses import replace
from typing import Any

import orjson

from trunkline.aws.errors import AwsError
from trunkline.aws.policy import PolicyError, parse
from trunkline.aws.service import Call, Doc, Kit, operation
from trunkline.core.db import Tx
from trunkline.services.s3 import described, errors, lifecycle, store, versions
from trunkline.services.s3.gate import Gate, blocked, is_public
from trunkline.services.s3.model import Bucket
from trunkline.services.s3.sealing import KMS, S3_MANAGED

_BUCKET = "arn:aws:s3:::{Bucket}"
_MAX_POLICY_BYTES = 20 * 1024


class SettingsApi:
    """Versioning, policy, public access block, encryption, lifecycle, tags."""

    kit: Kit
    gate: Gate

    async def keep_setting(self, bucket: Bucket, name: str, value: Any) -> None:
        """Put a setting (None: delete it) into the bucket as it is by then."""

        def change(tx: Tx) -> None:
            here = versions.bucket_in(tx, bucket.name)
            settings = {key: kept for key, kept in here.settings.items() if key != name}
            if value is not None:
                settings[name] = value
            store.BUCKETS.put(tx, replace(here, settings=settings))
            tx.after_commit(self.gate.changed)

        await self.kit.db.write(change)

    # versioning

    @operation(_BUCKET, authorize=False)
    async def put_bucket_versioning(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:PutBucketVersioning")
        status = req["VersioningConfiguration"].get("Status")
        if status is None:
            raise errors.malformed_xml()
        if req["VersioningConfiguration"].get("MFADelete") == "Enabled":
            raise errors.refused("Trunkline does not support MFA delete.")

        def change(tx: Tx) -> None:
            store.BUCKETS.put(tx, replace(versions.bucket_in(tx, bucket.name), versioning=status))
            tx.after_commit(self.gate.changed)

        await self.kit.db.write(change)
        return {}

    @operation(_BUCKET, authorize=False)
    async def get_bucket_versioning(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:GetBucketVersioning")
        return {"Status": bucket.versioning} if bucket.versioning else {}

    # policy

    @operation(_BUCKET, authorize=False)
    async def put_bucket_policy(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:PutBucketPolicy")
        document: str = req["Policy"]
        if len(document.encode()) > _MAX_POLICY_BYTES:
            raise AwsError("PolicyTooLarge", "Policy exceeds the maximum allowed document size.", status=400)
        try:
            parse(document, "resource", unique_sids=False)
        except PolicyError as error:
            raise AwsError("MalformedPolicy", str(error), status=400) from error
        _check_resources(document, bucket.name)
        if blocked(bucket)["BlockPublicPolicy"] and is_public(document):
            raise errors.access_denied(
                "public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
            )
        await self.keep_setting(bucket, "policy", document)
        return {}

    @operation(_BUCKET, authorize=False)
    async def get_bucket_policy(self, call: Call, req: Doc) -> Doc:
        return {"Policy": _policy(self.gate.bucket(call, req, "s3:GetBucketPolicy"))}

    @operation(_BUCKET, authorize=False)
    async def get_bucket_policy_status(self, call: Call, req: Doc) -> Doc:
        document = _policy(self.gate.bucket(call, req, "s3:GetBucketPolicyStatus"))
        return {"PolicyStatus": {"IsPublic": is_public(document)}}

    @operation(_BUCKET, authorize=False)
    async def delete_bucket_policy(self, call: Call, req: Doc) -> Doc:
        await self.keep_setting(self.gate.bucket(call, req, "s3:DeleteBucketPolicy"), "policy", None)
        return {}

    # public access block

    @operation(_BUCKET, authorize=False)
    async def put_public_access_block(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:PutBucketPublicAccessBlock")
        given = {name: bool(value) for name, value in req["PublicAccessBlockConfiguration"].items()}
        await self.keep_setting(bucket, "public_access_block", given)
        return {}

    @operation(_BUCKET, authorize=False)
    async def get_public_access_block(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:GetBucketPublicAccessBlock")
        if bucket.settings.get("public_access_block") == {}:
            raise errors.not_set(
                "NoSuchPublicAccessBlockConfiguration",
                "The public access block configuration was not found",
                bucket.name,
            )
        return {"PublicAccessBlockConfiguration": blocked(bucket)}

    @operation(_BUCKET, authorize=False)
    async def delete_public_access_block(self, call: Call, req: Doc) -> Doc:
        await self.keep_setting(self.gate.bucket(call, req, "s3:PutBucketPublicAccessBlock"), "public_access_block", {})
        return {}

    # encryption

    @operation(_BUCKET, authorize=False)
    async def put_bucket_encryption(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:PutEncryptionConfiguration")
        rules = req["ServerSideEncryptionConfiguration"]["Rules"]
        default = rules[0].get("ApplyServerSideEncryptionByDefault") if len(rules) == 1 else None
        if default is None:
            raise errors.malformed_xml()
        if default["SSEAlgorithm"] not in (S3_MANAGED, KMS):
            raise errors.refused(f"Trunkline does not support {default['SSEAlgorithm']}; use AES256 or aws:kms.")
        if default["SSEAlgorithm"] == S3_MANAGED and default.get("KMSMasterKeyID"):
            raise errors.invalid_argument(
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms"
            )
        await self.keep_setting(
            bucket, "encryption", {**default, "BucketKeyEnabled": bool(rules[0].get("BucketKeyEnabled"))}
        )
        return {}

    @operation(_BUCKET, authorize=False)
    async def get_bucket_encryption(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:GetEncryptionConfiguration")
        default = bucket.settings.get("encryption")
        if default is None:
            raise errors.not_set(
                "ServerSideEncryptionConfigurationNotFoundError",
                "The server side encryption configuration was not found",
                bucket.name,
            )
        applied = {name: value for name, value in default.items() if name != "BucketKeyEnabled"}
        rule = {"ApplyServerSideEncryptionByDefault": applied, "BucketKeyEnabled": default["BucketKeyEnabled"]}
        return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}

    @operation(_BUCKET, authorize=False)
    async def delete_bucket_encryption(self, call: Call, req: Doc) -> Doc:
        await self.keep_setting(self.gate.bucket(call, req, "s3:PutEncryptionConfiguration"), "encryption", None)
        return {}

    # lifecycle

    @operation(_BUCKET, authorize=False)
    async def put_bucket_lifecycle_configuration(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:PutLifecycleConfiguration")
        rules = lifecycle.checked(req.get("LifecycleConfiguration", {}).get("Rules", []))
        await self.keep_setting(bucket, "lifecycle", rules)
        return {}

    @operation(_BUCKET, authorize=False)
    async def get_bucket_lifecycle_configuration(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:GetLifecycleConfiguration")
        rules = bucket.settings.get("lifecycle")
        if rules is None:
            raise errors.not_set(
                "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", bucket.name
            )
        return {"Rules": lifecycle.shown(rules)}

    @operation(_BUCKET, authorize=False)
    async def delete_bucket_lifecycle(self, call: Call, req: Doc) -> Doc:
        await self.keep_setting(self.gate.bucket(call, req, "s3:PutLifecycleConfiguration"), "lifecycle", None)
        return {}

    # tags

    @operation(_BUCKET, authorize=False)
    async def put_bucket_tagging(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:PutBucketTagging")
        await self.keep_setting(bucket, "tags", described.tags(req["Tagging"]["TagSet"], most=50))
        return {}

    @operation(_BUCKET, authorize=False)
    async def get_bucket_tagging(self, call: Call, req: Doc) -> Doc:
        bucket = self.gate.bucket(call, req, "s3:GetBucketTagging")
        if not bucket.settings.get("tags"):
            raise errors.not_set("NoSuchTagSet", "The TagSet does not exist", bucket.name)
        return {"TagSet": [{"Key": key, "Value": value} for key, value in bucket.settings["tags"].items()]}

    @operation(_BUCKET, authorize=False)
    async def delete_bucket_tagging(self, call: Call, req: Doc) -> Doc:
        await self.keep_setting(self.gate.bucket(call, req, "s3:PutBucketTagging"), "tags", None)
        return {}


def _policy(bucket: Bucket) -> str:
    document: str | None = bucket.settings.get("policy")
    if document is None:
        raise errors.not_set("NoSuchBucketPolicy", "The bucket policy does not exist", bucket.name)
    return document


def _check_resources(document: str, bucket: str) -> None:
    """Every resource of a bucket's policy is that bucket or in it."""
    statements = orjson.loads(document)["Statement"]
    for statement in [statements] if isinstance(statements, dict) else statements:
        named = statement.get("Resource", statement.get("NotResource", []))
        for resource in [named] if isinstance(named, str) else named or ():
            if not (resource == f"arn:aws:s3:::{bucket}" or resource.startswith(f"arn:aws:s3:::{bucket}/")):
                raise AwsError("MalformedPolicy", "Policy has invalid resource", status=400)
