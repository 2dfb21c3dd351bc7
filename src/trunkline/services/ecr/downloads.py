"""Layers by the addresses that GetDownloadUrlForLayer gives out: whoever has one may fetch, for an hour."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from trunkline.engines.registry.errors import RegistryError
from trunkline.engines.registry.http.exchange import Exchange
from trunkline.engines.registry.interface import Registry
from trunkline.services.ecr.tokens import Expired, Tokens

PREFIX = "/_ecr/layers/"


class Downloads:
    """The ASGI application below /_ecr/layers/."""

    def __init__(self, registry: Registry, tokens: Tokens) -> None:
        self._registry = registry
        self._tokens = tokens

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
            await exchange.answer(error.status, [("Content-Type", "application/json")], error.body)

    async def _answer(self, exchange: Exchange) -> None:
        if exchange.method not in ("GET", "HEAD"):
            raise RegistryError("UNSUPPORTED", "Only GET is supported here.")
        try:
            layer = self._tokens.read_layer(exchange.path.removeprefix(PREFIX))
        except Expired as error:
            raise RegistryError("DENIED", "Request has expired") from error
        blob = self._registry.blob(layer.repository, layer.digest) if layer else None
        if blob is None:
            raise RegistryError("DENIED", "Access Denied")
        headers = [("Content-Type", "application/octet-stream"), ("Content-Length", str(blob.size))]
        if exchange.method == "HEAD":
            await exchange.answer(200, headers)
        else:
            await exchange.stream(200, headers, self._registry.read(blob))
