"""AWS::S3::Bucket. Ref gives its name.

Recorded only: what needs more than one place or somebody who reads it (replication, inventories, metrics, websites …).
"""

from typing import ClassVar

from trunkline.aws.errors import AwsError
from trunkline.aws.handlers import given, is_mine, undone
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.services.s3.acl import OWNER_ONLY, grants
from trunkline.services.s3.resources.settings import SETTINGS, shown_tags, tag_set, tags_of

_ABSENT = ("NoSuchBucket", "NotFound", "404")
_ACLS = {
    "Private": "private",
    "PublicRead": "public-read",
    "PublicReadWrite": "public-read-write",
    "AuthenticatedRead": "authenticated-read",
    "LogDeliveryWrite": "log-delivery-write",
    "AwsExecRead": "aws-exec-read",
    "BucketOwnerRead": "bucket-owner-read",
    "BucketOwnerFullControl": "bucket-owner-full-control",
}
_NO_LISTS = (None, "BucketOwnerEnforced")
_LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
_SHOWN = {
    frozenset((grant["Grantee"]["URI"], grant["Permission"]) for grant in grants("", _ACLS[name])["Grants"][1:]): name
    for name in ("PublicRead", "PublicReadWrite", "AuthenticatedRead", "LogDeliveryWrite")
}


class BucketType(ResourceType):
    """A bucket with its settings."""

    name: ClassVar[str] = "AWS::S3::Bucket"
    honoured: ClassVar[frozenset[str]] = frozenset(
        {*SETTINGS, "AccessControl", "BucketName", "BucketNamePrefix", "Tags"}
    )
    recorded: ClassVar[frozenset[str]] = frozenset(
        {
            "AbacStatus",
            "AccelerateConfiguration",
            "AnalyticsConfigurations",
            "IntelligentTieringConfigurations",
            "InventoryConfigurations",
            "LoggingConfiguration",
            "MetadataConfiguration",
            "MetadataTableConfiguration",
            "MetricsConfigurations",
            "ObjectLockConfiguration",
            "ObjectLockEnabled",
            "ReplicationConfiguration",
            "WebsiteConfiguration",
        }
    )

    async def create(self, on: Provision, wanted: Doc) -> str:
        name = _name(on, wanted)
        if _ACLS.get(wanted.get("AccessControl", "Private")) not in OWNER_ONLY and _ownership(wanted) in _NO_LISTS:
            # As the creation itself would say it, before there is a bucket.
            raise AwsError(
                "InvalidBucketAclWithObjectOwnership",
                "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
                status=400,
            )
        if await self._is_free(on, name):
            where = {} if on.region == "us-east-1" else {"LocationConstraint": on.region}
            await on.call(
                "s3",
                "CreateBucket",
                Bucket=name,
                CreateBucketConfiguration=where or None,
                ObjectOwnership=_ownership(wanted),
            )
            tags = on.tags(wanted.get("Tags"))
            if tags:
                await on.call("s3", "PutBucketTagging", Bucket=name, **tag_set(tags))
        async with undone(self, on, name):
            for member, setting in SETTINGS.items():
                if member in wanted:
                    await setting.apply(on, name, wanted[member])
            if "AccessControl" in wanted:
                await on.call("s3", "PutBucketAcl", Bucket=name, **_acl(wanted))
        return name

    async def _is_free(self, on: Provision, name: str) -> bool:
        """Whether the bucket is still to be made. us-east-1 answers its owner's second try with success: look first."""
        if await on.look("s3", "HeadBucket", *_ABSENT, Bucket=name) is None:
            return True
        tags = await tags_of(on, name)
        # Killed between its creation and its tags, ours has none yet.
        if is_mine(on, tags) or (on.resumed and not tags):
            return False
        raise AwsError("BucketAlreadyExists", f"{name} already exists", status=409)

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        if await on.look("s3", "HeadBucket", *_ABSENT, Bucket=physical_id) is None:
            return None
        settings = {member: await setting.read(on, physical_id) for member, setting in SETTINGS.items()}
        return given(
            BucketName=physical_id,
            Arn=f"arn:aws:s3:::{physical_id}",
            DomainName=f"{physical_id}.s3.amazonaws.com",
            RegionalDomainName=f"{physical_id}.s3.{on.region}.amazonaws.com",
            DualStackDomainName=f"{physical_id}.s3.dualstack.{on.region}.amazonaws.com",
            WebsiteURL=f"http://{physical_id}.s3-website-{on.region}.amazonaws.com",
            AccessControl=await self._acl_shown(on, physical_id),
            Tags=await shown_tags(on, physical_id),
            **settings,
        )

    async def _acl_shown(self, on: Provision, name: str) -> str:
        """The canned list that has these grants; of those that let nobody else in, the one of the template."""
        answer = await on.call("s3", "GetBucketAcl", Bucket=name)
        groups = {(grant["Grantee"]["URI"], grant["Permission"]) for grant in answer["Grants"][1:]}
        kept: str = on.kept.get("AccessControl", "Private")
        return _SHOWN.get(frozenset(groups), kept if _ACLS[kept] in OWNER_ONLY else "Private")

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        for member, setting in SETTINGS.items():
            if old.get(member) != new.get(member):
                await setting.apply(on, physical_id, new.get(member))
        if old.get("AccessControl") != new.get("AccessControl"):
            await on.call("s3", "PutBucketAcl", Bucket=physical_id, **_acl(new))
        current = {tag["Key"]: tag["Value"] for tag in await tags_of(on, physical_id)}
        put, gone = on.tag_changes(current, new.get("Tags"))
        tags = {key: value for key, value in {**current, **put}.items() if key not in gone}
        if tags:
            await on.call("s3", "PutBucketTagging", Bucket=physical_id, **tag_set(tags))
        else:
            await on.call("s3", "DeleteBucketTagging", Bucket=physical_id)

    async def delete(self, on: Provision, physical_id: str) -> None:
        await on.look("s3", "DeleteBucket", *_ABSENT, Bucket=physical_id)

    async def existing(self, on: Provision) -> list[str]:
        buckets = await on.pages("s3", "ListBuckets", "Buckets", BucketRegion=on.region)
        return [bucket["Name"] for bucket in buckets]


def _name(on: Provision, wanted: Doc) -> str:
    if "BucketName" in wanted:
        return str(wanted["BucketName"])
    prefix = wanted.get("BucketNamePrefix")
    return f"{prefix}{on.token.replace('-', '')[:12]}" if prefix else on.name(63, lower=True)


def _acl(properties: Doc) -> Doc:
    canned = _ACLS.get(properties.get("AccessControl", "Private"), "private")
    if canned == "log-delivery-write":
        # S3's API has no name for this one.
        return {"GrantWrite": f'uri="{_LOG_DELIVERY}"', "GrantReadACP": f'uri="{_LOG_DELIVERY}"'}
    return {"ACL": "private" if canned in OWNER_ONLY else canned}


def _ownership(properties: Doc) -> str | None:
    rules = (properties.get("OwnershipControls") or {}).get("Rules") or [{}]
    found: str | None = rules[0].get("ObjectOwnership")
    return found
