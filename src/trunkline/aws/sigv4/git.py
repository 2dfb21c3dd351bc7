"""The passwords of `aws codecommit credential-helper` and git-remote-codecommit: a signature over GIT <path>.

The user name is the access key id, with `%` and the session token behind it for temporary credentials; the password
is `<timestamp>Z<signature>`. The signature covers the host without its port and the path of the repository.
"""

import hashlib
import hmac
from collections.abc import Iterable

from trunkline.aws.identity import Credential
from trunkline.aws.sigv4.claim import ALGORITHM
from trunkline.aws.sigv4.keys import sign, signing_key
from trunkline.aws.sigv4.verify import SKEW_S, Lookup, instant


def verify_git_password(
    user_name: str, password: str, *, host: str, path: str, regions: Iterable[str], lookup: Lookup, now: float
) -> tuple[Credential, str] | None:
    """The credential and the region that made this password, or None.

    The password does not say its region, so each of `regions` is tried; `path` is the repository's, such as
    /v1/repos/hello, without git's own suffixes.
    """
    access_key_id, _, token = user_name.partition("%")
    credential = lookup(access_key_id)
    timestamp, _, signature = password.partition("Z")
    signed_at = instant(timestamp + "Z")
    if credential is None or signed_at is None or abs(now - signed_at) > 3 * SKEW_S:
        return None
    if (credential.session_token or "") != token or (credential.expires is not None and credential.expires <= now):
        return None
    canonical = f"GIT\n{path}\n\nhost:{host.partition(':')[0]}\n\nhost\n"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    date = timestamp[:8]
    for region in regions:
        key = signing_key(credential.secret, date, region, "codecommit")
        to_sign = f"{ALGORITHM}\n{timestamp}\n{date}/{region}/codecommit/aws4_request\n{hashed}"
        # The helper writes the time without its Z into the string to sign; git-remote-codecommit does the same.
        if hmac.compare_digest(sign(key, to_sign), signature):
            return credential, region
    return None
