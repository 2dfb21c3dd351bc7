"""What a CodeCommit repository is, and the rules for names, paths and references."""

import re
from dataclasses import dataclass, field
from datetime import datetime

BRANCHES = "refs/heads/"
TAGS = "refs/tags/"
MODES = {"NORMAL": "100644", "EXECUTABLE": "100755", "SYMLINK": "120000"}
MODE_NAMES = {mode: name for name, mode in MODES.items()}
MAX_FILE_BYTES = 6 * 1024 * 1024
MAX_FILES = 100
MAX_TRIGGERS = 10

_COMMIT_ID = re.compile(r"[0-9a-f]{40}")
# https://git-scm.com/docs/git-check-ref-format
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|^[/.-]|[/.]$|\.lock(?:/|$)|^@$")
_BAD_PART = frozenset(("", ".", "..", ".git"))


@dataclass(slots=True)
class Trigger:
    """Whom to tell of which changes. Empty `branches` are all."""

    name: str
    destination_arn: str
    events: list[str]
    branches: list[str] = field(default_factory=list)
    custom_data: str = ""


@dataclass(slots=True)
class Repository:
    """A repository's settings; its content is the git engine's, under `id`."""

    account: str
    region: str
    name: str
    id: str
    created: datetime
    modified: datetime
    description: str | None = None
    default_branch: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    triggers: list[Trigger] = field(default_factory=list)
    triggers_id: str | None = None

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:codecommit:{self.region}:{self.account}:{self.name}"


def is_commit_id(text: str) -> bool:
    """Whether it is a whole commit id."""
    return _COMMIT_ID.fullmatch(text) is not None


def is_branch_name(name: str) -> bool:
    """Whether git takes it as the name of a branch, and AWS's length limit holds."""
    return 1 <= len(name) <= 256 and not _BAD_REF.search(name)


def normal_path(path: str) -> str | None:
    """A path as git knows it, without slashes at its ends (\"\" is the root); None if it is not one."""
    trimmed = path.strip("/") if path != "/" else ""
    if not trimmed:
        return ""
    parts = trimmed.split("/")
    if any(part.lower() in _BAD_PART for part in parts) or "\0" in trimmed or "\n" in trimmed:
        return None
    return trimmed
