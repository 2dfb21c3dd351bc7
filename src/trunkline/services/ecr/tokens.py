"""Signed tokens: the password of `docker login`, and the addresses of layers.

A password says who asked for it, in which account and region, and until when. It stays as good as the key that it was
made with: a deleted key's passwords are refused.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import orjson

from trunkline.aws.service import Caller, Kit, Principal
from trunkline.services.ecr import store

LIFETIME_S = 12 * 3600
LAYER_LIFETIME_S = 3600


class Expired(Exception):
    """The token was good once."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer that whoever has its address may fetch."""

    repository: str
    digest: str


class Tokens:
    """Makes and reads tokens."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._secret = store.secret(kit.db)

    def password(self, caller: Caller) -> tuple[str, float]:
        """The password for a caller, and the epoch of its end."""
        expires = int(self._kit.clock.time()) + LIFETIME_S
        who = caller.principal
        principal = [who.kind, who.arn, who.id, who.name, list(who.session_policies)]
        return self._sign(["login", expires, caller.account, caller.region, caller.access_key_id, principal]), expires

    def caller(self, password: str) -> Caller | None:
        """Who a password stands for; None if it is not ours."""
        said = self._read(password, "login")
        if said is None:
            return None
        account, region, key, (kind, arn, id, name, policies) = said
        principal = Principal(kind, arn, id, name, tuple(policies))
        known = self._kit.call.authorizer.identity.credential(key) if key else None
        if known is not None:
            principal = known.principal
        elif key and self._kit.settings.auth != "open":
            return None
        return Caller(account, region, principal, access_key_id=key)

    def layer(self, repository: str, digest: str) -> str:
        """The token of a layer's address."""
        return self._sign(["layer", int(self._kit.clock.time()) + LAYER_LIFETIME_S, repository, digest])

    def read_layer(self, token: str) -> Layer | None:
        """The layer of an address."""
        said = self._read(token, "layer")
        return None if said is None else Layer(*said)

    def _sign(self, said: list[object]) -> str:
        body = base64.urlsafe_b64encode(orjson.dumps(said)).decode().rstrip("=")
        return f"{body}.{self._seal(body)}"

    def _read(self, token: str, kind: str) -> list[Any] | None:
        body, _, seal = token.partition(".")
        if not hmac.compare_digest(seal.encode(), self._seal(body).encode()):
            return None
        try:
            said = orjson.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        except (ValueError, binascii.Error):
            return None
        if said[0] != kind:
            return None
        if said[1] < self._kit.clock.time():
            raise Expired
        return list(said[2:])

    def _seal(self, body: str) -> str:
        return hmac.new(self._secret, body.encode(), hashlib.sha256).hexdigest()
