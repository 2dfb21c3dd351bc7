"""Policy documents on their way in: well formed, and no longer than AWS takes."""

from trunkline.aws.errors import AwsError
from trunkline.aws.policy import PolicyError, parse
from trunkline.services.iam.model import INLINE_POLICY_BYTES, MANAGED_POLICY_BYTES, TRUST_POLICY_BYTES, Holder


def identity_document(document: str) -> str:
    """A document for users, groups and roles."""
    try:
        parse(document, "identity")
    except PolicyError as error:
        raise AwsError("MalformedPolicyDocument", str(error)) from None
    return document


def managed_document(document: str) -> str:
    """A document of a managed policy."""
    if _size(document) > MANAGED_POLICY_BYTES:
        raise AwsError("LimitExceeded", f"Cannot exceed quota for PolicySize: {MANAGED_POLICY_BYTES}")
    return identity_document(document)


def trust_document(document: str) -> str:
    """A document that says who may assume a role."""
    if _size(document) > TRUST_POLICY_BYTES:
        raise AwsError("LimitExceeded", f"Cannot exceed quota for ACLSizePerRole: {TRUST_POLICY_BYTES}")
    try:
        parse(document, "trust")
    except PolicyError as error:
        raise AwsError("MalformedPolicyDocument", str(error)) from None
    return document


def check_inline_size(kind: str, holder: Holder) -> None:
    """All inline policies of one holder together."""
    limit = INLINE_POLICY_BYTES[kind]
    if sum(_size(document) for document in holder.inline.values()) > limit:
        raise AwsError("LimitExceeded", f"Maximum policy size of {limit} bytes exceeded for {kind} {holder.name}")


def _size(document: str) -> int:
    """White space does not count."""
    return len("".join(document.split()))
