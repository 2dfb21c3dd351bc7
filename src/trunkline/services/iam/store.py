"""IAM's tables, and the look-ups of named things that must exist."""

from typing import TypeVar

from trunkline.aws.errors import AwsError
from trunkline.core.db import Database, Reader, Table
from trunkline.services.iam.managed import AWS_POLICIES
from trunkline.services.iam.model import (
    AccessKey,
    Alias,
    CredentialReport,
    Group,
    Holder,
    InstanceProfile,
    LoginProfile,
    ManagedPolicy,
    MfaDevice,
    OidcProvider,
    PasswordPolicy,
    Role,
    SamlProvider,
    ServiceSpecificCredential,
    User,
)

H = TypeVar("H", bound=Holder)

USERS = Table("iam_users", User, key=("account", "key"))
GROUPS = Table("iam_groups", Group, key=("account", "key"))
ROLES = Table("iam_roles", Role, key=("account", "key"))
POLICIES = Table("iam_policies", ManagedPolicy, key=("account", "arn"))
PROFILES = Table("iam_instance_profiles", InstanceProfile, key=("account", "key"))
KEYS = Table("iam_access_keys", AccessKey, key=("access_key_id",), index=("account", "user"))
CREDENTIALS = Table("iam_service_credentials", ServiceSpecificCredential, key=("id",), index=("user_name", "account"))
OIDC_PROVIDERS = Table("iam_oidc_providers", OidcProvider, key=("account", "arn"))
ALIASES = Table("iam_aliases", Alias, key=("account",), index=("alias",))
LOGINS = Table("iam_login_profiles", LoginProfile, key=("account", "user"))
MFA_DEVICES = Table("iam_mfa_devices", MfaDevice, key=("account", "serial"))
SAML_PROVIDERS = Table("iam_saml_providers", SamlProvider, key=("account", "arn"))
PASSWORD_POLICIES = Table("iam_password_policies", PasswordPolicy, key=("account",))
REPORTS = Table("iam_credential_reports", CredentialReport, key=("account",))


def migrate(db: Database) -> None:
    """Make the tables."""
    tables = (USERS, GROUPS, ROLES, POLICIES, PROFILES, KEYS, CREDENTIALS, ALIASES, OIDC_PROVIDERS)
    later = (LOGINS, MFA_DEVICES, SAML_PROVIDERS, PASSWORD_POLICIES, REPORTS)
    db.migrate("iam", [table.ddl for table in (*tables, *later)])


def missing(what: str) -> AwsError:
    """NoSuchEntity for a thing described in AWS's words."""
    return AwsError("NoSuchEntity", f"{what} cannot be found.")


def user(reader: Reader, account: str, name: str) -> User:
    """The user, or NoSuchEntity."""
    found = USERS.get(reader, account, name.lower())
    if found is None:
        raise missing(f"The user with name {name}")
    return found


def group(reader: Reader, account: str, name: str) -> Group:
    """The group, or NoSuchEntity."""
    found = GROUPS.get(reader, account, name.lower())
    if found is None:
        raise missing(f"The group with name {name}")
    return found


def role(reader: Reader, account: str, name: str) -> Role:
    """The role, or NoSuchEntity."""
    found = ROLES.get(reader, account, name.lower())
    if found is None:
        raise missing(f"The role with name {name}")
    return found


def profile(reader: Reader, account: str, name: str) -> InstanceProfile:
    """The instance profile, or NoSuchEntity."""
    found = PROFILES.get(reader, account, name.lower())
    if found is None:
        raise missing(f"Instance Profile {name}")
    return found


def policy_or_none(reader: Reader, account: str, arn: str) -> ManagedPolicy | None:
    """The customer's or AWS's policy with this ARN."""
    return AWS_POLICIES.get(arn) or POLICIES.get(reader, account, arn)


def policy(reader: Reader, account: str, arn: str) -> ManagedPolicy:
    """The managed policy, or NoSuchEntity."""
    found = policy_or_none(reader, account, arn)
    if found is None:
        raise AwsError("NoSuchEntity", f"Policy {arn} was not found.")
    return found


def own_policy(reader: Reader, account: str, arn: str) -> ManagedPolicy:
    """The customer's policy, to be changed; AWS's cannot be."""
    if arn in AWS_POLICIES:
        raise AwsError("AccessDenied", f"Policy {arn} is an AWS managed policy and cannot be changed.", status=403)
    return policy(reader, account, arn)


def members(reader: Reader, account: str, group_key: str) -> list[User]:
    """The users of a group."""
    return [item for item in USERS.find(reader, prefix=(account,)) if group_key in item.groups]


def holders(reader: Reader, account: str) -> list[Holder]:
    """Every user, group and role of an account."""
    prefix = (account,)
    return [
        *USERS.find(reader, prefix=prefix),
        *GROUPS.find(reader, prefix=prefix),
        *ROLES.find(reader, prefix=prefix),
    ]


def keys_of(reader: Reader, account: str, user_key: str) -> list[AccessKey]:
    """A user's access keys."""
    return KEYS.find(reader, account=account, user=user_key)


def credentials_of(reader: Reader, account: str, user_key: str) -> list[ServiceSpecificCredential]:
    """A user's service-specific credentials."""
    return [item for item in CREDENTIALS.find(reader, account=account) if item.user == user_key]


def mfa_device(reader: Reader, account: str, serial: str) -> MfaDevice:
    """The virtual device, or NoSuchEntity."""
    found = MFA_DEVICES.get(reader, account, serial)
    if found is None:
        raise AwsError("NoSuchEntity", f"VirtualMFADevice with serial number {serial} doesn't exist.")
    return found


def mfa_devices_of(reader: Reader, account: str, user_key: str) -> list[MfaDevice]:
    """The devices that are enabled for a user."""
    return [item for item in MFA_DEVICES.find(reader, prefix=(account,)) if item.user == user_key]


def saml_provider(reader: Reader, account: str, arn: str) -> SamlProvider:
    """The SAML provider, or NoSuchEntity."""
    found = SAML_PROVIDERS.get(reader, account, arn)
    if found is None:
        raise AwsError("NoSuchEntity", f"Manifest not found for arn {arn}")
    return found
