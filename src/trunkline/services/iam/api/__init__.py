"""IAM's operations, one file for each kind of thing."""

from trunkline.services.iam.api.account import AccountOperations
from trunkline.services.iam.api.attached import AttachedPolicyOperations
from trunkline.services.iam.api.authorization_details import AuthorizationDetailsOperations
from trunkline.services.iam.api.credential_report import CredentialReportOperations
from trunkline.services.iam.api.groups import GroupOperations
from trunkline.services.iam.api.inline import InlinePolicyOperations
from trunkline.services.iam.api.keys import KeyOperations
from trunkline.services.iam.api.logins import LoginOperations
from trunkline.services.iam.api.mfa import MfaOperations
from trunkline.services.iam.api.oidc_providers import OidcProviderOperations
from trunkline.services.iam.api.policies import PolicyOperations
from trunkline.services.iam.api.profiles import InstanceProfileOperations
from trunkline.services.iam.api.roles import RoleOperations
from trunkline.services.iam.api.saml_providers import SamlProviderOperations
from trunkline.services.iam.api.service_credentials import ServiceCredentialOperations
from trunkline.services.iam.api.simulate import SimulateOperations
from trunkline.services.iam.api.tagging import TagOperations
from trunkline.services.iam.api.users import UserOperations


class Api(
    UserOperations,
    GroupOperations,
    RoleOperations,
    PolicyOperations,
    InlinePolicyOperations,
    AttachedPolicyOperations,
    KeyOperations,
    ServiceCredentialOperations,
    InstanceProfileOperations,
    TagOperations,
    OidcProviderOperations,
    AccountOperations,
    AuthorizationDetailsOperations,
    SimulateOperations,
    LoginOperations,
    MfaOperations,
    SamlProviderOperations,
    CredentialReportOperations,
):
    """All of them."""
