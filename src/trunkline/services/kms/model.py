"""Keys, aliases and grants, and the states of a key.

https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trunkline.aws.errors import AwsError

SYMMETRIC = "SYMMETRIC_DEFAULT"
PRIMARY, REPLICA = "PRIMARY", "REPLICA"
RSA_BITS = {"RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096}
EDWARDS = "ECC_NIST_EDWARDS25519"
ECC_SPECS = ("ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", EDWARDS)
HMAC_BYTES = {"HMAC_224": 28, "HMAC_256": 32, "HMAC_384": 48, "HMAC_512": 64}

_RSA_SIGNING = [f"RSASSA_{scheme}_SHA_{bits}" for scheme in ("PSS", "PKCS1_V1_5") for bits in (256, 384, 512)]
_ECC_SIGNING = {
    "ECC_NIST_P256": ["ECDSA_SHA_256"],
    "ECC_SECG_P256K1": ["ECDSA_SHA_256"],
    "ECC_NIST_P384": ["ECDSA_SHA_384"],
    "ECC_NIST_P521": ["ECDSA_SHA_512"],
    EDWARDS: ["ED25519_SHA_512"],
}


@dataclass(slots=True)
class Material:
    """One generation of a key's secret, wrapped by the master key."""

    id: str
    wrapped: str
    created: datetime
    on_demand: bool = False


@dataclass(slots=True)
class Key:
    """A key. `deletion` is set while it waits to be deleted, `public` holds an asymmetric key's DER."""

    account: str
    region: str
    id: str
    arn: str
    spec: str
    usage: str
    created: datetime
    policy: str
    materials: list[Material]
    description: str = ""
    manager: str = "CUSTOMER"
    enabled: bool = True
    deletion: datetime | None = None
    rotation_days: int = 0
    rotation_from: datetime | None = None
    public: str = ""
    multi: str = ""
    """PRIMARY or REPLICA for a multi-Region key."""
    bound: str = ""
    """The ARN that the material is bound to, where that is not the key's own: a replica's is its primary's."""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """Enabled, Disabled or PendingDeletion."""
        if self.deletion is not None:
            return "PendingDeletion"
        return "Enabled" if self.enabled else "Disabled"

    @property
    def next_rotation(self) -> datetime | None:
        """When the key is to get new material."""
        if not self.rotation_days or self.rotation_from is None:
            return None
        return self.rotation_from + timedelta(days=self.rotation_days)

    def check_usable(self, usage: str) -> None:
        """Refuse a key that is disabled, waits for its deletion, or is for something else."""
        self.check_not_pending()
        if not self.enabled:
            raise AwsError("DisabledException", f"{self.arn} is disabled.")
        if self.usage != usage:
            raise AwsError(
                "InvalidKeyUsageException", f"{self.arn} key usage is {self.usage} which is not valid for {usage}."
            )

    def check_not_pending(self) -> None:
        """Refuse a key that waits for its deletion."""
        if self.deletion is not None:
            raise AwsError("KMSInvalidStateException", f"{self.arn} is pending deletion.")

    def check_own(self) -> None:
        """Refuse to change a key that AWS manages."""
        if self.manager == "AWS":
            raise AwsError(
                "AccessDeniedException",
                f"{self.arn} is managed by AWS and cannot be changed by its account.",
                status=400,
            )

    @property
    def encryption_algorithms(self) -> list[str]:
        """What Encrypt may be asked for."""
        if self.usage != "ENCRYPT_DECRYPT":
            return []
        return [SYMMETRIC] if self.spec == SYMMETRIC else ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]

    @property
    def signing_algorithms(self) -> list[str]:
        """What Sign may be asked for."""
        if self.usage != "SIGN_VERIFY":
            return []
        return _RSA_SIGNING if self.spec in RSA_BITS else _ECC_SIGNING[self.spec]

    @property
    def mac_algorithms(self) -> list[str]:
        """What GenerateMac may be asked for."""
        return [f"HMAC_SHA_{self.spec.removeprefix('HMAC_')}"] if self.usage == "GENERATE_VERIFY_MAC" else []


def usages_of(spec: str) -> tuple[str, ...]:
    """What a key of this spec can be for; the first is the default, except that RSA and ECC must say."""
    if spec == SYMMETRIC:
        return ("ENCRYPT_DECRYPT",)
    if spec in HMAC_BYTES:
        return ("GENERATE_VERIFY_MAC",)
    return ("ENCRYPT_DECRYPT", "SIGN_VERIFY") if spec in RSA_BITS else ("SIGN_VERIFY",)


@dataclass(slots=True)
class Alias:
    """A name for a key; it can be moved to another."""

    account: str
    region: str
    name: str
    key_id: str
    created: datetime
    updated: datetime


@dataclass(slots=True)
class Grant:
    """A right given to one principal, beside the key's policy."""

    account: str
    region: str
    key_id: str
    id: str
    token: str
    grantee: str
    operations: list[str]
    created: datetime
    issuer: str
    name: str = ""
    retiring: str = ""
    context_equals: dict[str, str] = field(default_factory=dict)
    context_subset: dict[str, str] = field(default_factory=dict)
