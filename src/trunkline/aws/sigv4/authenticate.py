"""The gateway's one step: from a request to who sent it, with the body ready to be read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol as Structure
from typing import cast

from trunkline.aws.http import Request
from trunkline.aws.identity import Credential, Identity
from trunkline.aws.service import Principal
from trunkline.aws.sigv4.body import signed_body
from trunkline.aws.sigv4.claim import Claim, claim
from trunkline.aws.sigv4.failures import Protocol
from trunkline.aws.sigv4.verify import Verified, open_door, verify

_ANONYMOUS = Principal("anonymous", "*", "anonymous", "anonymous")


class _Model(Structure):
    """What is needed of `aws.models.ServiceModel`."""

    @property
    def name(self) -> str: ...
    @property
    def protocols(self) -> Sequence[str]: ...


def authenticate(
    request: Request, identity: Identity, now: datetime, *, open_: bool, service: _Model, account: str
) -> Verified:
    """Verify the signature and put the decoded, checked stream in the place of the one that came.

    With `open_`, nothing is verified and unknown keys are root of the account they spell, else of `account`. S3 takes
    requests that nobody signed: the caller is then anonymous, and bucket policies decide.
    """
    claimed = claim(request)
    protocol = protocol_of(request, service.protocols)
    if open_:
        verified = open_door(claimed, identity.credential, account)
    elif claimed is None and protocol == "rest-xml":
        verified = Verified(Credential("", "", _ANONYMOUS), Claim(), owner=account)
    else:
        verified = verify(request, claimed, identity.credential, now.timestamp(), protocol)
        identity.note_use(verified.claim.access_key_id, service.name, verified.claim.region)
    if protocol == "rest-xml" or request.stream is not None:
        request.stream = signed_body(verified, request)
    return verified


def protocol_of(request: Request, protocols: Sequence[str]) -> Protocol:
    """The protocol in which a refusal must be told; a service such as CloudWatch speaks several."""
    if len(protocols) > 1:
        if "x-amz-target" in request.headers:
            return "json"
        if request.headers.get("smithy-protocol", "").startswith("rpc-v2"):
            return "smithy-rpc-v2-cbor"
        if "query" in protocols:
            return "query"
    return cast(Protocol, protocols[0])
