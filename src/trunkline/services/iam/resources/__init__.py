"""What CloudFormation makes of IAM: one file for each kind of thing."""

from trunkline.aws.resources import ResourceType
from trunkline.core.db import Database
from trunkline.services.iam.resources.access_key import AccessKeyType
from trunkline.services.iam.resources.groups import GroupType, UserToGroupAdditionType
from trunkline.services.iam.resources.inline_policies import GroupPolicyType, RolePolicyType, UserPolicyType
from trunkline.services.iam.resources.managed_policy import ManagedPolicyType
from trunkline.services.iam.resources.oidc_provider import OidcProviderType
from trunkline.services.iam.resources.policy import PolicyType
from trunkline.services.iam.resources.profile import InstanceProfileType
from trunkline.services.iam.resources.role import RoleType
from trunkline.services.iam.resources.service_linked_role import ServiceLinkedRoleType
from trunkline.services.iam.resources.user import UserType


def types(db: Database) -> tuple[ResourceType, ...]:
    """All of them. Roles, users and keys look at what IAM's answers do not show: who put a policy, a key's secret."""
    return (
        RoleType(db),
        UserType(db),
        GroupType(db),
        UserToGroupAdditionType(),
        PolicyType(),
        ManagedPolicyType(db),
        RolePolicyType(),
        UserPolicyType(),
        GroupPolicyType(),
        InstanceProfileType(),
        AccessKeyType(db),
        OidcProviderType(),
        ServiceLinkedRoleType(),
    )
