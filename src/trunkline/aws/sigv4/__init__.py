"""Who sent a request: AWS Signature Version 4 in headers, in presigned URLs and in chunked bodies.

The gateway uses it in this order, all without I/O:

1. `claim(request)` reads what the request says of its signer; its `service` and `region` route the request.
2. `verify(request, claimed, lookup, …)` checks it, and returns the credential with what the body must still prove.
3. `signed_body(verified, request)` wraps a streamed body, so that whoever reads it to the end has read what was signed.

Also here: Signature Version 2 query strings, which boto3 still makes for S3's presigned URLs in us-east-1, and the
passwords that the AWS CLI's CodeCommit credential helper makes for git.
"""

from trunkline.aws.sigv4.body import ChunkedBody, signed_body
from trunkline.aws.sigv4.claim import Claim, claim
from trunkline.aws.sigv4.failures import Protocol
from trunkline.aws.sigv4.git import verify_git_password
from trunkline.aws.sigv4.verify import Verified, open_door, verify

__all__ = [
    "ChunkedBody",
    "Claim",
    "Protocol",
    "Verified",
    "claim",
    "open_door",
    "signed_body",
    "verify",
    "verify_git_password",
]
