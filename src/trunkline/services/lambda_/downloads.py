"""Where GetFunction's and GetLayerVersion's Location leads: the zip, for who has the signed URL."""

import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qs

from trunkline.aws.gateway import send_response
from trunkline.aws.http import Response
from trunkline.core.clock import Clock
from trunkline.services.lambda_.packages import Packages

PREFIX = "/_lambda/code/"
_VALID_S = 600


class Downloads:
    """An ASGI application; `secret` makes the URLs unguessable."""

    def __init__(self, packages: Packages, secret: str, clock: Clock, host: str) -> None:
        self._packages = packages
        self._secret = secret.encode()
        self._clock = clock
        self._host = host

    def url(self, host: str, folder: str) -> str:
        """Good for ten minutes, as AWS's are."""
        expires = int(self._clock.time()) + _VALID_S
        return f"http://{host or self._host}{PREFIX}{folder}?expires={expires}&signature={self._sign(folder, expires)}"

    def _sign(self, folder: str, expires: int) -> str:
        return hmac.new(self._secret, f"{folder} {expires}".encode(), hashlib.sha256).hexdigest()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send_response(self._answer(scope["path"], scope["query_string"].decode()), send)

    def _answer(self, path: str, query: str) -> Response:
        folder = path.removeprefix(PREFIX)
        given = {name: values[0] for name, values in parse_qs(query).items()}
        expires = given.get("expires", "0")
        if not expires.isdigit() or not hmac.compare_digest(
            given.get("signature", ""), self._sign(folder, int(expires))
        ):
            return Response(403, [("content-type", "text/plain")], b"The signature is not valid.\n")
        if int(expires) < self._clock.time():
            return Response(403, [("content-type", "text/plain")], b"Request has expired\n")
        whole = self._packages.zip_path(folder)
        if not whole.exists():
            return Response(404, [("content-type", "text/plain")], b"The package is gone.\n")
        return Response(200, [("content-type", "application/zip")], whole.read_bytes())
