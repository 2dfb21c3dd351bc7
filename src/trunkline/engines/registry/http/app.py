"""Routes requests below /v2/: who is asking, which repository, which of the specification's end points."""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from trunkline.core.log import get
from trunkline.engines.registry.errors import RegistryError
from trunkline.engines.registry.http.blobs import BlobPoints
from trunkline.engines.registry.http.exchange import Exchange
from trunkline.engines.registry.http.manifests import ManifestPoints
from trunkline.engines.registry.interface import Gate, Registry

log = get(__name__)

_PATH = re.compile(
    r"/v2/(?P<name>.+?)/(?:"
    r"blobs/uploads/(?P<upload>[^/]*)|blobs/(?P<blob>[^/]+)|manifests/(?P<manifest>[^/]+)"
    r"|tags/(?P<tags>list)|referrers/(?P<referrers>[^/]+))"
)
_NAME = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")

Point = Callable[[Exchange, str, str], Awaitable[None]]


class RegistryApp:
    """An ASGI application; `gate` decides who may do what."""

    def __init__(self, registry: Registry, gate: Gate) -> None:
        self._gate = gate
        blobs = BlobPoints(registry, gate)
        manifests = ManifestPoints(registry, gate)
        # end point → method → (what the client needs to be allowed, what answers)
        self._points: dict[str, dict[str, tuple[str, Point]]] = {
            "upload": {
                "POST": ("begin", blobs.begin),
                "GET": ("upload", blobs.status),
                "PATCH": ("upload", blobs.append),
                "PUT": ("finish", blobs.finish),
                "DELETE": ("upload", blobs.cancel),
            },
            "blob": {
                "GET": ("layer", blobs.get),
                "HEAD": ("look", blobs.get),
                "DELETE": ("delete", blobs.delete),
            },
            "manifest": {
                "GET": ("image", manifests.get),
                "HEAD": ("image", manifests.get),
                "PUT": ("put", manifests.put),
                "DELETE": ("delete", manifests.delete),
            },
            "tags": {"GET": ("list", manifests.tags)},
            "referrers": {"GET": ("image", manifests.referrers)},
        }

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        exchange = Exchange(scope, receive, send)
        try:
            await self._answer(exchange)
        except RegistryError as error:
            if exchange.started:
                raise
            await exchange.answer(error.status, (*error.headers, ("Content-Type", "application/json")), error.body)

    async def _answer(self, exchange: Exchange) -> None:
        exchange.who = await self._gate.admit(exchange.headers, exchange.client)
        if exchange.path in ("/v2/", "/v2"):
            await exchange.answer(200, [("Content-Type", "application/json")], b"{}")
            return
        found = _PATH.fullmatch(exchange.path)
        if found is None:
            raise RegistryError("UNSUPPORTED", "no such end point", status=404)
        name = found["name"]
        kind = next(kind for kind in self._points if found[kind] is not None)
        if exchange.method not in self._points[kind]:
            raise RegistryError("UNSUPPORTED", "The operation is unsupported.")
        if not _NAME.fullmatch(name) or len(name) > 256:
            raise RegistryError("NAME_INVALID", "invalid repository name", detail=name[:256])
        action, point = self._points[kind][exchange.method]
        exchange.grant = await self._gate.open(exchange.who, name, action)
        await point(exchange, name, found[kind])
