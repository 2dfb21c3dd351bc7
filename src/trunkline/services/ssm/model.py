"""Parameters, their versions, and the limits of both.

https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
"""

from dataclasses import dataclass, field
from datetime import datetime

STANDARD_CHARS = 4096
ADVANCED_CHARS = 8192
MAX_VERSIONS = 100
MAX_LABELS = 10
MAX_LEVELS = 15


@dataclass(slots=True)
class Parameter:
    """The newest version of a parameter. A SecureString's `value` is its ciphertext in base64."""

    account: str
    region: str
    name: str
    arn: str
    type: str
    value: str
    version: int
    modified: datetime
    modified_by: str
    tier: str = "Standard"
    key_id: str = ""
    description: str = ""
    allowed_pattern: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Version:
    """One version as it was written; `labels` point to it and can be moved."""

    account: str
    region: str
    name: str
    version: int
    type: str
    value: str
    modified: datetime
    modified_by: str
    tier: str = "Standard"
    key_id: str = ""
    description: str = ""
    allowed_pattern: str = ""
    labels: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Setting:
    """A service setting that was changed from its default."""

    account: str
    region: str
    id: str
    value: str
    modified: datetime
    modified_by: str


def as_version(item: Parameter) -> Version:
    """A parameter's newest version, for its history."""
    return Version(
        account=item.account,
        region=item.region,
        name=item.name,
        version=item.version,
        type=item.type,
        value=item.value,
        modified=item.modified,
        modified_by=item.modified_by,
        tier=item.tier,
        key_id=item.key_id,
        description=item.description,
        allowed_pattern=item.allowed_pattern,
    )
