"""A request as durable work: run the type's handler, and write down how it ended.

The handler may run again after a crash; it is told so (`Provision.resumed`), and finds what it made before by a tag
that no client sees.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from trunkline.aws.errors import AwsError
from trunkline.aws.handler_codes import handler_code
from trunkline.aws.resources import NotStabilized, Provision
from trunkline.aws.service import Caller, Doc, Kit
from trunkline.core.db import Tx
from trunkline.core.log import get
from trunkline.engines.workflows import Workflow
from trunkline.services.cloudcontrol import finding, store
from trunkline.services.cloudcontrol.model import Kept, Request, Status

NAME = "cloudcontrol"
SERVICE = "cloudcontrolapi.amazonaws.com"
_ASSUMED_BY = "cloudformation.amazonaws.com"  # whom a role for Cloud Control must trust

log = get(__name__)


class Runner:
    """Runs requests."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._cancelled: dict[str, asyncio.Event] = {}
        self._begun_here: set[str] = set()

    async def run(self, wf: Workflow, input: Doc) -> None:
        key = (input["account"], input["region"], input["token"])
        began: bool = await wf.commit("begin", lambda tx: self._begin(tx, key))
        if not began:
            return
        outcome: Doc = await wf.step("handle", self._handle, key)
        await wf.commit("end", lambda tx: self._end(tx, key, outcome))

    def cancel(self, token: str) -> None:
        """Stop the handler of a request, if it runs here."""
        if token in self._cancelled:
            self._cancelled[token].set()

    def died(self, tx: Tx, workflow_id: str, input: Doc, why: str) -> None:
        """The workflow itself failed: nobody must wait for it any more."""
        key = (input["account"], input["region"], input["token"])
        self._end(tx, key, {"code": "InternalFailure", "message": why})

    async def provision(
        self, caller: Caller, role_arn: str = "", *, token: str = "", kept: Doc | None = None
    ) -> Provision:
        """What handlers are given; the caller is the client's principal or the role it names."""
        if role_arn:
            acting = await self._kit.call.assume(role_arn, service=_ASSUMED_BY, region=caller.region)
        else:
            acting = caller
        acting = replace(acting, source_ip=SERVICE, user_agent=SERVICE, request_id="")
        tags = {"aws:cloudcontrol:request-token": token} if token else {}
        return Provision(self._kit.call, acting, token, stack_tags=tags, kept=kept or {})

    def _begin(self, tx: Tx, key: tuple[str, str, str]) -> bool:
        request = store.requests.get(tx, *key)
        if request is None or request.status.is_final:
            return False
        if request.status is Status.CANCEL_IN_PROGRESS:
            self._finish(tx, request, Status.CANCEL_COMPLETE)
            return False
        request.status = Status.IN_PROGRESS
        self._begun_here.add(request.token)
        store.requests.put(tx, request)
        return True

    async def _handle(self, key: tuple[str, str, str]) -> Doc:
        request = store.requests.get(self._kit.db, *key)
        if request is None:
            return {"code": "NotFound", "message": "the request is gone"}
        kind = self._kit.resource_types[request.type]
        wish = self._cancelled.setdefault(request.token, asyncio.Event())
        if request.status is Status.CANCEL_IN_PROGRESS:
            wish.set()
        try:
            async with asyncio.timeout(kind.timeout_s):
                return await _unless(wish, lambda: self._work(request))
        except asyncio.CancelledError:
            if not wish.is_set():
                raise
            return {"cancelled": True}
        except TimeoutError:
            return {"code": "NotStabilized", "message": f"Exceeded attempts to wait ({kind.timeout_s:.0f} s)"}
        except NotStabilized as error:
            return {"code": "NotStabilized", "message": str(error)}
        except AwsError as error:
            return {"code": handler_code(error.code), "message": error.message or error.code}
        except Exception as error:
            log.exception("a resource handler failed", type=request.type, token=request.token)
            return {"code": "InternalFailure", "message": f"{type(error).__name__}: {error}"}
        finally:
            self._cancelled.pop(request.token, None)

    async def _work(self, request: Request) -> Doc:
        kind = self._kit.resource_types[request.type]
        resumed = request.token not in self._begun_here  # it began in a process that is no more
        self._begun_here.discard(request.token)
        on = await self.provision(request.caller, request.role_arn, token=request.token, kept=request.old)
        on = replace(on, resumed=resumed)
        if request.operation == "CREATE":
            physical_id = await kind.create(on, request.new)
            found = await kind.read(replace(on, kept=request.new), physical_id) or {}
            return {"physical_id": physical_id, "identifier": finding.identifier_of(kind.name, physical_id, found)}
        if request.operation == "UPDATE":
            await kind.update(on.updating(request.old), request.physical_id, request.old, request.new)
        else:
            await kind.delete(on, request.physical_id)
        return {"physical_id": request.physical_id, "identifier": request.identifier}

    def _end(self, tx: Tx, key: tuple[str, str, str], outcome: Doc) -> None:
        request = store.requests.get(tx, *key)
        if request is None or request.status.is_final:
            return
        if outcome.get("cancelled"):
            self._finish(tx, request, Status.CANCEL_COMPLETE)
            return
        if "code" in outcome:
            request.error_code, request.message = outcome["code"], outcome["message"]
            self._finish(tx, request, Status.FAILED)
            return
        request.physical_id, request.identifier = outcome["physical_id"], outcome["identifier"]
        place = (request.account, request.region, request.type, request.physical_id)
        if request.operation == "DELETE":
            store.kept.delete(tx, *place)
        else:
            store.kept.put(tx, Kept(*place, properties=request.new))
        self._finish(tx, request, Status.SUCCESS)

    def _finish(self, tx: Tx, request: Request, status: Status) -> None:
        request.status = status
        request.changed = self._kit.clock.now()
        store.requests.put(tx, request)


async def _unless(wish: asyncio.Event, work: Callable[[], Awaitable[Doc]]) -> Doc:
    """What `work` gives; cancelled when `wish` is set first."""

    async def run() -> Doc:
        return await work()

    task, wished = asyncio.create_task(run()), asyncio.create_task(wish.wait())
    try:
        await asyncio.wait({task, wished}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
        return await task
    finally:
        wished.cancel()
        task.cancel()
