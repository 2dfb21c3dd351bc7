"""Secrets, their versions, and how staging labels move between them."""

from dataclasses import dataclass, field
from datetime import datetime

from trunkline.core import ids

CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"
PENDING = "AWSPENDING"
MAX_STAGES = 20
KEPT_DEPRECATED = 100


@dataclass(slots=True)
class Version:
    """One value. `sealed` is the value under a data key, in base64, empty as long as a rotation has not given it one;
    without a stage the version is deprecated."""

    account: str
    region: str
    name: str
    id: str
    sealed: str
    binary: bool
    created: datetime
    stages: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Rotation:
    """`rules` as RotateSecret has them; `next_at` is an epoch, None off schedule; `token`: the one under way."""

    function: str
    rules: dict[str, str | int] = field(default_factory=dict)
    last: datetime | None = None
    enabled: bool = True
    next_at: float | None = None
    token: str = ""


@dataclass(slots=True)
class Secret:
    """A secret; `gone` is when its recovery window ends."""

    account: str
    region: str
    name: str
    arn: str
    created: datetime
    changed: datetime
    description: str = ""
    key_id: str = ""
    accessed: datetime | None = None
    deleted: datetime | None = None
    gone: datetime | None = None
    policy: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    rotation: Rotation | None = None


def new_arn(account: str, region: str, name: str) -> str:
    """AWS puts six random characters behind the name: a new secret of an old name is not confused with it."""
    return f"arn:aws:secretsmanager:{region}:{account}:secret:{name}-{ids.alnum(6)}"


def move_stage(versions: list[Version], stage: str, to: Version | None) -> None:
    """Give a staging label to a version (or to none); the previous holder of AWSCURRENT becomes AWSPREVIOUS."""
    holder = next((version for version in versions if stage in version.stages), None)
    if holder is to:
        return
    if holder is not None:
        holder.stages.remove(stage)
    if to is not None:
        to.stages.append(stage)
        if stage == CURRENT and PREVIOUS in to.stages:
            to.stages.remove(PREVIOUS)
    if stage == CURRENT and holder is not None:
        for version in versions:
            if PREVIOUS in version.stages:
                version.stages.remove(PREVIOUS)
        holder.stages.append(PREVIOUS)
