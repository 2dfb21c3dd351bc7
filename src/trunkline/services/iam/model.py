"""Users, groups, roles, policies and keys: what IAM keeps, its names, ids and limits.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from trunkline.core import ids

QUOTA_KEYS_PER_USER = 2
QUOTA_GROUPS_PER_USER = 10
QUOTA_ATTACHED = 10
QUOTA_POLICY_VERSIONS = 5
QUOTA_CREDENTIALS_PER_SERVICE = 2
MANAGED_POLICY_BYTES = 6144
TRUST_POLICY_BYTES = 4096
INLINE_POLICY_BYTES = {"user": 2048, "group": 5120, "role": 10240}


def unique_id(prefix: str) -> str:
    """AWS's unique ids: AIDA… for users, AROA… for roles, and so on."""
    return prefix + ids.alnum(17, lower=False)


@dataclass(slots=True)
class Holder:
    """What users, groups and roles have in common: a name, and policies. `key` is the name without its case.

    `stacked` are the inline policies (names) and attached ones (ARNs) that CloudFormation put there: they belong to
    resources of stacks, and what is not among them was put by hand.
    """

    account: str
    key: str
    name: str
    path: str
    id: str
    arn: str
    created: datetime
    inline: dict[str, str] = field(default_factory=dict)
    attached: list[str] = field(default_factory=list)
    stacked: list[str] = field(default_factory=list)


@dataclass(slots=True)
class User(Holder):
    """A user; `groups` are keys of groups."""

    groups: list[str] = field(default_factory=list)
    boundary: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Group(Holder):
    """A group."""


@dataclass(slots=True)
class Role(Holder):
    """A role; `trust` says who may assume it. `service` is set for a service-linked role."""

    trust: str = ""
    description: str = ""
    max_session_s: int = 3600
    boundary: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    service: str = ""


@dataclass(slots=True)
class PolicyVersion:
    """One version of a managed policy."""

    id: str
    document: str
    created: datetime


@dataclass(slots=True)
class ManagedPolicy:
    """A managed policy: a customer's, or one of AWS's (account "aws")."""

    account: str
    arn: str
    name: str
    path: str
    id: str
    description: str
    created: datetime
    updated: datetime
    versions: list[PolicyVersion]
    default: str = "v1"
    latest: int = 1
    tags: dict[str, str] = field(default_factory=dict)

    def version(self, version_id: str) -> PolicyVersion | None:
        """The version with this id."""
        return next((version for version in self.versions if version.id == version_id), None)

    @property
    def document(self) -> str:
        """The document of the default version."""
        found = self.version(self.default)
        return found.document if found else ""


@dataclass(slots=True)
class AccessKey:
    """A user's long-lived key."""

    access_key_id: str
    account: str
    user: str
    secret: str
    created: datetime
    active: bool = True
    used: datetime | None = None
    used_service: str = "N/A"
    used_region: str = "N/A"


@dataclass(slots=True)
class ServiceSpecificCredential:
    """A user's name and password for one service (git over HTTPS for CodeCommit); the password is kept as a hash."""

    id: str
    account: str
    user: str
    service: str
    user_name: str
    salt: str
    hash: str
    created: datetime
    active: bool = True

    def matches(self, password: str) -> bool:
        """Whether this is the password; it has 256 random bits, so one round of a hash is enough."""
        return hmac.compare_digest(_hash(self.salt, password), self.hash)

    def new_password(self) -> str:
        """Replace the password; it is shown once."""
        password = secrets.token_urlsafe(32) + "="
        self.salt = secrets.token_hex(8)
        self.hash = _hash(self.salt, password)
        return password


def _hash(salt: str, password: str) -> str:
    return hashlib.sha256(f"{salt}:{password}".encode()).hexdigest()


@dataclass(slots=True)
class InstanceProfile:
    """The container through which EC2 instances get a role; at most one role."""

    account: str
    key: str
    name: str
    path: str
    id: str
    arn: str
    created: datetime
    roles: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class OidcProvider:
    """An identity provider that speaks OpenID Connect; `url` is without its scheme, as IAM shows it."""

    account: str
    arn: str
    url: str
    created: datetime
    clients: list[str] = field(default_factory=list)
    thumbprints: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Alias:
    """An account's alias; unique over all accounts."""

    account: str
    alias: str


@dataclass(slots=True)
class LoginProfile:
    """A user's password for a console, as a slow salted hash: people choose passwords, so they can be guessed."""

    account: str
    user: str
    salt: str
    hash: str
    created: datetime
    changed: datetime
    reset: bool = False

    def matches(self, password: str) -> bool:
        """Whether this is the password."""
        return hmac.compare_digest(_slow_hash(self.salt, password), self.hash)

    def set_password(self, password: str, now: datetime) -> None:
        """Replace the password."""
        self.salt = secrets.token_hex(16)
        self.hash, self.changed = _slow_hash(self.salt, password), now


def _slow_hash(salt: str, password: str) -> str:
    return hashlib.scrypt(password.encode(), salt=salt.encode(), n=2**14, r=8, p=1).hex()


@dataclass(slots=True)
class MfaDevice:
    """A virtual device for one-time codes; `user` is the key of the user it is enabled for."""

    account: str
    serial: str
    seed: str
    user: str = ""
    enabled: datetime | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class SamlProvider:
    """An identity provider that speaks SAML, with its metadata document as it was given."""

    account: str
    arn: str
    id: str
    metadata: str
    created: datetime
    encryption: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class PasswordPolicy:
    """What an account asks of its users' passwords."""

    account: str
    min_chars: int = 6
    symbols: bool = False
    numbers: bool = False
    uppercase: bool = False
    lowercase: bool = False
    change_allowed: bool = False
    max_age_days: int = 0
    reuse_prevention: int = 0
    hard_expiry: bool = False


@dataclass(slots=True)
class CredentialReport:
    """The report that was generated last."""

    account: str
    generated: datetime
    content: str
