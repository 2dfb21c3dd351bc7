"""A bucket's settings: for each property the operations that put, get and delete it, and how their forms differ."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from trunkline.aws.handlers import own_tags, pairs
from trunkline.aws.resources import Provision
from trunkline.aws.service import Doc
from trunkline.services.s3.resources import lifecycle_rules, notification


@dataclass(frozen=True, slots=True)
class Setting:
    """One property. `put` gives the request's members for the property's value; `shown` the value for an answer.

    `delete` is None where the operation that puts it takes it away, too, with `emptied`.
    """

    put: str
    into: Callable[[Any], Doc]
    get: str
    shown: Callable[[Doc], Any]
    absent: tuple[str, ...] = ()
    delete: str | None = None
    emptied: Doc = field(default_factory=dict)

    async def apply(self, on: Provision, bucket: str, value: Any) -> None:
        """Put the setting, or take it away when there is no value."""
        if value is not None:
            await on.call("s3", self.put, Bucket=bucket, **self.into(value))
        elif self.delete is not None:
            await on.call("s3", self.delete, Bucket=bucket)
        else:
            await on.call("s3", self.put, Bucket=bucket, **self.emptied)

    async def read(self, on: Provision, bucket: str) -> Any:
        """The property's value, or None."""
        answer = await on.look("s3", self.get, *self.absent, Bucket=bucket)
        return None if answer is None else self.shown(answer)


def _encryption_into(value: Doc) -> Doc:
    rules = []
    for rule in value["ServerSideEncryptionConfiguration"]:
        default = rule.get("ServerSideEncryptionByDefault")
        made = {key: kept for key, kept in rule.items() if key == "BucketKeyEnabled"}
        rules.append({**made, "ApplyServerSideEncryptionByDefault": default} if default else made)
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _encryption_shown(answer: Doc) -> Doc:
    return {
        "ServerSideEncryptionConfiguration": [
            {
                "ServerSideEncryptionByDefault": rule["ApplyServerSideEncryptionByDefault"],
                "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
            }
            for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]
        ]
    }


_CORS_NAMES = {"Id": "ID", "ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds"}


def _cors_into(value: Doc) -> Doc:
    rules = [{_CORS_NAMES.get(name, name): part for name, part in rule.items()} for rule in value["CorsRules"]]
    return {"CORSConfiguration": {"CORSRules": rules}}


def _cors_shown(answer: Doc) -> Doc:
    names = {ours: theirs for theirs, ours in _CORS_NAMES.items()}
    return {"CorsRules": [{names.get(name, name): part for name, part in rule.items()} for rule in answer["CORSRules"]]}


SETTINGS = {
    "CorsConfiguration": Setting(
        "PutBucketCors",
        _cors_into,
        "GetBucketCors",
        _cors_shown,
        ("NoSuchCORSConfiguration",),
        "DeleteBucketCors",
    ),
    "OwnershipControls": Setting(
        "PutBucketOwnershipControls",
        lambda value: {"OwnershipControls": {"Rules": value["Rules"]}},
        "GetBucketOwnershipControls",
        lambda answer: {"Rules": answer["OwnershipControls"]["Rules"]},
        ("OwnershipControlsNotFoundError",),
        emptied={"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
    ),
    "PublicAccessBlockConfiguration": Setting(
        "PutPublicAccessBlock",
        lambda value: {"PublicAccessBlockConfiguration": value},
        "GetPublicAccessBlock",
        lambda answer: answer["PublicAccessBlockConfiguration"],
        ("NoSuchPublicAccessBlockConfiguration",),
        "DeletePublicAccessBlock",
    ),
    "VersioningConfiguration": Setting(
        "PutBucketVersioning",
        lambda value: {"VersioningConfiguration": value},
        "GetBucketVersioning",
        lambda answer: {"Status": answer["Status"]} if answer.get("Status") else None,
        emptied={"VersioningConfiguration": {"Status": "Suspended"}},
    ),
    "BucketEncryption": Setting(
        "PutBucketEncryption",
        _encryption_into,
        "GetBucketEncryption",
        _encryption_shown,
        ("ServerSideEncryptionConfigurationNotFoundError",),
        "DeleteBucketEncryption",
    ),
    "LifecycleConfiguration": Setting(
        "PutBucketLifecycleConfiguration",
        lifecycle_rules.into,
        "GetBucketLifecycleConfiguration",
        lifecycle_rules.shown,
        ("NoSuchLifecycleConfiguration",),
        "DeleteBucketLifecycle",
    ),
    "NotificationConfiguration": Setting(
        "PutBucketNotificationConfiguration",
        notification.into,
        "GetBucketNotificationConfiguration",
        notification.shown,
        emptied={"NotificationConfiguration": {}},
    ),
}


def tag_set(tags: dict[str, str]) -> Doc:
    """The request that gives a bucket these tags."""
    return {"Tagging": {"TagSet": pairs(tags)}}


async def tags_of(on: Provision, bucket: str) -> list[Doc]:
    """All tags, AWS's own among them."""
    answer = await on.look("s3", "GetBucketTagging", "NoSuchTagSet", Bucket=bucket)
    tags: list[Doc] = answer["TagSet"] if answer else []
    return tags


async def shown_tags(on: Provision, bucket: str) -> list[Doc]:
    """The tags that a template would have."""
    return own_tags(await tags_of(on, bucket))
