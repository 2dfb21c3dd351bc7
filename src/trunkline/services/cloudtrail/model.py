"""Trails, and a record's outside: its name, its user, the resources it names. Pure.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from trunkline.aws.errors import AwsError

Doc = dict[str, Any]
DETAIL_TYPE = "AWS API Call via CloudTrail"
GLOBAL_SOURCES = ("iam.amazonaws.com", "sts.amazonaws.com", "cloudfront.amazonaws.com", "route53.amazonaws.com")
_NAME = re.compile(r"(?!.*[._-]{2})[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]")
_NAMES = ("name", "arn", "id", "url")
_DEPTH = 3


@dataclass(slots=True)
class Trail:
    """A trail in its home region. `place`: how far the ledger has been delivered, to S3 and to CloudWatch Logs."""

    account: str
    region: str
    name: str
    bucket: str
    prefix: str = ""
    topic: str = ""
    includes_global: bool = True
    is_multi_region: bool = False
    validates: bool = False
    log_group: str = ""
    role_arn: str = ""
    key_id: str = ""
    is_logging: bool = False
    place: int = 0
    started: float = 0.0
    stopped: float = 0.0
    delivered: float = 0.0
    logs_delivered: float = 0.0
    error: str = ""
    logs_error: str = ""
    selectors: list[Doc] = field(default_factory=list)
    advanced_selectors: list[Doc] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:cloudtrail:{self.region}:{self.account}:trail/{self.name}"

    def takes(self, record: Doc, region: str) -> bool:
        """Whether the trail delivers this record."""
        if record.get("userIdentity", {}).get("invokedBy") == "cloudtrail.amazonaws.com":
            return False  # its own deliveries would never end
        is_global = record.get("eventSource") in GLOBAL_SOURCES
        here = self.is_multi_region or region == self.region
        if not (self.includes_global if is_global and here else here):
            return False
        return any(_selects(selector, record) for selector in self.selectors or [{}])


def _selects(selector: Doc, record: Doc) -> bool:
    kind = selector.get("ReadWriteType", "All")
    if kind == "ReadOnly" or record.get("eventSource") in selector.get("ExcludeManagementEventSources", ()):
        return False  # only calls that change something are on record
    if record.get("managementEvent", True):
        return bool(selector.get("IncludeManagementEvents", True))
    values = [value for one in selector.get("DataResources", ()) for value in one.get("Values", ())]
    source = str(record.get("eventSource", "")).partition(".")[0]
    if any(value == f"arn:aws:{source}" for value in values):
        return True
    found = record.get("requestParameters", {})
    arn = f"arn:aws:s3:::{found.get('Bucket', '')}/{found.get('Key', '')}"
    return source == "s3" and any(arn.startswith(value) for value in values)


def check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise AwsError(
            "InvalidTrailNameException",
            "Trail name must have 3 to 128 letters, digits, periods, underscores and dashes, start and end with a "
            "letter or digit, and have no two of the others side by side.",
        )


def username(record: Doc) -> str:
    """Who did it, as LookupEvents names users: a user's name, a role's session, root."""
    identity = record.get("userIdentity", {})
    match identity.get("type"):
        case "Root":
            return "root"
        case "AssumedRole":
            return str(identity.get("principalId", "")).partition(":")[2]
        case "AWSService":
            return ""
    return str(identity.get("userName", ""))


def resource_names(record: Doc) -> list[str]:
    """The names, ids and ARNs of what a call was about or made."""
    found = [*_named(record.get("requestParameters"), _DEPTH), *_named(record.get("responseElements"), _DEPTH)]
    return list(dict.fromkeys(found))


def _named(value: Any, depth: int) -> Iterator[str]:
    if not isinstance(value, dict) or not depth:
        return
    for key, one in value.items():
        if isinstance(one, str) and key.lower().endswith(_NAMES):
            yield one
        elif isinstance(one, dict):
            yield from _named(one, depth - 1)
        elif isinstance(one, list) and key.lower().endswith(("names", "ids", "arns")):
            yield from (each for each in one if isinstance(each, str))
