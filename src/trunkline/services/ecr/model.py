"""What an ECR repository is; its images are the registry engine's, under `id`."""

import re
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Repository:
    """A repository's settings. `account` is the registry's id."""

    account: str
    region: str
    name: str
    id: str
    created: datetime
    mutability: str = "MUTABLE"
    exclusions: list[str] = field(default_factory=list)
    scan_on_push: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    policy: str | None = None
    lifecycle: str | None = None
    lifecycle_evaluated: datetime | None = None
    preview: str | None = None

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:ecr:{self.region}:{self.account}:repository/{self.name}"

    def is_fixed(self, tag: str) -> bool:
        """Whether a tag, once given, must go on naming the same image."""
        excluded = any(matches(pattern, tag) for pattern in self.exclusions)
        return {
            "MUTABLE": False,
            "IMMUTABLE": True,
            "IMMUTABLE_WITH_EXCLUSION": not excluded,
            "MUTABLE_WITH_EXCLUSION": excluded,
        }[self.mutability]


def matches(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern in which * stands for anything."""
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), text) is not None
