"""Who runs git: HTTP Basic with what the AWS tools hand to it.

Three forms, as on AWS: the password that `aws codecommit credential-helper` and git-remote-codecommit sign with an
access key; the service-specific user name and password that IAM makes for a user; and, with `--auth open`, anything.

https://docs.aws.amazon.com/codecommit/latest/userguide/auth-and-access-control.html
"""

import base64
import binascii
from collections.abc import Mapping

from trunkline.aws import sigv4
from trunkline.aws.identity import Credential
from trunkline.aws.service import Caller, Kit, Principal
from trunkline.core import ids
from trunkline.services.codecommit import store

SERVICE = "codecommit.amazonaws.com"


class Credentials:
    """Turns an Authorization header into a caller in the region of the repository."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def caller(self, headers: Mapping[str, str], repository: str, client: str) -> Caller | None:
        """Who asks for a repository, or None when the header proves nobody."""
        pair = basic(headers.get("authorization", ""))
        found = self._who(pair, headers.get("host", ""), repository) if pair else None
        if found is None:
            return None
        principal, account, region, key = found
        agent = headers.get("user-agent", "")
        return Caller(account, region, principal, client, agent, key, ids.request_id())

    def _who(self, pair: tuple[str, str], host: str, repository: str) -> tuple[Principal, str, str, str] | None:
        user_name, password = pair
        identity = self._kit.call.authorizer.identity
        key = user_name.partition("%")[0]
        credential = identity.credential(key)
        if self._kit.settings.auth == "open":
            return self._anybody(credential, key, repository)
        if credential is not None:
            verified = sigv4.verify_git_password(
                user_name,
                password,
                host=host,
                path=f"/v1/repos/{repository}",
                regions=self._regions(credential.account),
                lookup=identity.credential,
                now=self._kit.clock.time(),
            )
            if verified is None:
                return None
            identity.note_use(key, "codecommit", verified[1])
            return credential.principal, credential.account, verified[1], key
        known = identity.service_credential(SERVICE, user_name)
        if known is None or not known.matches(password):
            return None
        return known.user, known.account, self._region(known.account, repository), ""

    def _anybody(self, known: Credential | None, key: str, repository: str) -> tuple[Principal, str, str, str]:
        if known is not None:
            return known.principal, known.account, self._region(known.account, repository), key
        account = key if len(key) == 12 and key.isascii() and key.isdigit() else self._kit.settings.account
        principal = Principal("root", f"arn:aws:iam::{account}:root", account, "root")
        return principal, account, self._region(account, repository), key

    def _regions(self, account: str) -> list[str]:
        """The regions a signature may be for: it does not say."""
        home = self._kit.settings.region
        return list(dict.fromkeys([home, *store.regions_of(self._kit.db, account)]))

    def _region(self, account: str, repository: str) -> str:
        """Where a repository of this name is, when the credentials name no region: home comes first."""
        for region in self._regions(account):
            if store.REPOSITORIES.get(self._kit.db, account, region, repository) is not None:
                return region
        return self._kit.settings.region


def basic(header: str) -> tuple[str, str] | None:
    """User name and password of HTTP Basic."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user_name, colon, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user_name, password) if colon else None
