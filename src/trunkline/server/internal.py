"""Trunkline's own pages beside the AWS API, under /_trunkline/: health for everybody, the rest signed like an AWS call
(SigV4, service "trunkline") by somebody whom policies allow "trunkline:<Page>".
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import orjson

from trunkline import __version__
from trunkline.aws import protocols, sigv4
from trunkline.aws.errors import AwsError
from trunkline.aws.gateway import request_of, send_response
from trunkline.aws.http import Request, Response
from trunkline.aws.identity import Identity
from trunkline.aws.operations import Operations
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.engines import Engines
from trunkline.engines.containers import INSTANCE_LABEL
from trunkline.insights import dora
from trunkline.server import engines as drivers
from trunkline.server.alarm_pages import AlarmPages
from trunkline.server.drift_pages import DriftPages
from trunkline.server.stack_pages import StackPages

Page = Callable[[Caller, dict[str, str]], Awaitable[Doc]]


class Internal:
    """The ASGI application of those pages."""

    def __init__(
        self,
        kit: Kit,
        engines: Engines,
        operations: Operations,
        identity: Identity,
        stop: Callable[[], None],
        quiet: Callable[[], Awaitable[None]],
    ) -> None:
        self._kit = kit
        self._engines = engines
        self._operations = operations
        self._identity = identity
        self._stop = stop
        self._quiet = quiet
        self._pages: dict[tuple[str, str], tuple[str, Page]] = {
            ("GET", "status"): ("GetStatus", self._status),
            ("GET", "dora"): ("GetDora", self._dora),
            ("GET", "events"): ("ListEvents", self._events),
            ("POST", "shutdown"): ("Shutdown", self._shutdown),
            **AlarmPages(kit).pages(),
            **DriftPages(kit).pages(),
            **StackPages(kit).pages(),
        }

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        request = request_of(scope, receive)
        await send_response(await self._answer(request), send)

    async def _answer(self, request: Request) -> Response:
        name = request.path.removeprefix("/_trunkline/")
        if name == "health":
            return _json({"status": "ok", "version": __version__})
        if (page := self._pages.get((request.method, name))) is None:
            return _json({"message": f"There is no page {request.method} /_trunkline/{name}."}, 404)
        action, show = page
        try:
            caller = await self._caller(request)
            self._operations.authorizer.authorize(caller, f"trunkline:{action}", protocol="rest-json")
            return _json(await show(caller, dict(parse_qsl(request.query))))
        except AwsError as error:
            return protocols.failure(request, None, error, "")

    async def _caller(self, request: Request) -> Caller:
        request.body = b"".join([chunk async for chunk in request.stream]) if request.stream else b""
        request.stream = None
        claim, settings = sigv4.claim(request), self._kit.settings
        if settings.auth == "open":
            verified = sigv4.open_door(claim, self._identity.credential, settings.account)
        else:
            now = self._kit.clock.time()
            verified = sigv4.verify(request, claim, self._identity.credential, now, "rest-json")
        region = verified.claim.region or settings.region
        return Caller(verified.credential.account, region, verified.principal, request.client)

    async def _status(self, caller: Caller, query: dict[str, str]) -> Doc:
        settings = self._kit.settings
        found: Doc = {
            "version": __version__,
            "endpoint": settings.endpoint,
            "data_dir": str(settings.data_dir),
            "clock": settings.clock,
            "auth": settings.auth,
            "account": caller.account,
            "region": caller.region,
            "operations": {name: len(done) for name, done in self._operations.implemented().items()},
            "events": self._kit.ledger.last(),
        }
        for kind in ("containers", "proxy"):
            found[kind] = await self._engine(kind)
        found["networks"] = {"real": self._engines.networks.real, "why": self._engines.networks.why}
        return found

    async def _engine(self, kind: str) -> Doc:
        try:
            if kind == "containers":
                version = await self._engines.containers.version()
                labels = {INSTANCE_LABEL: self._kit.settings.instance_id}
                return {
                    "state": "up",
                    "version": str(version),
                    "running": len(await self._engines.containers.list(labels)),
                }
            await self._engines.proxy.health()
        except Exception as error:  # whatever an engine says when it is down is the answer
            return {"state": "down", "why": str(error)}
        return {"state": "up"}

    async def _dora(self, caller: Caller, query: dict[str, str]) -> Doc:
        days = float(query.get("days", "30"))
        return dora.report(self._kit.ledger, caller.account, caller.region, self._kit.clock.now(), days=days)

    async def _events(self, caller: Caller, query: dict[str, str]) -> Doc:
        after = int(query.get("after", "0"))
        kinds = tuple(kind for kind in query.get("detail_types", "").split(",") if kind)
        events = self._kit.ledger.read(after, detail_types=kinds, limit=min(int(query.get("limit", "1000")), 10_000))
        mine = [event for event in events if event.account == caller.account]
        return {
            "events": [{"seq": e.seq, "time_exact": e.time.isoformat(), **e.to_eventbridge()} for e in mine],
            "last": self._kit.ledger.last(),
        }

    async def _shutdown(self, caller: Caller, query: dict[str, str]) -> Doc:
        removed = 0
        if query.get("data_plane") == "remove":
            await self._quiet()  # or ECS would start again what is removed
            removed = await drivers.remove_data_plane(self._engines, {INSTANCE_LABEL: self._kit.settings.instance_id})
        self._stop()
        return {"stopping": True, "containers_removed": removed}


def _json(body: Doc, status: int = 200) -> Response:
    return Response(status, [("content-type", "application/json")], orjson.dumps(body, default=str))
