"""Running the handlers of resource types: the attempt they work with, cancelling, and their errors in words.

Nothing here raises for what a handler does: an outcome is a plain document that a workflow journals.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from trunkline.aws import schemas
from trunkline.aws.errors import AwsError
from trunkline.aws.handler_codes import handler_code
from trunkline.aws.resources import NotStabilized, Provision, ResourceType
from trunkline.aws.service import Kit
from trunkline.core.log import get
from trunkline.services.cloudformation import template
from trunkline.services.cloudformation.workflow import words
from trunkline.services.cloudformation.workflow.refusal import Refusal

log = get(__name__)
Doc = dict[str, Any]
T = TypeVar("T")
CUSTOM = "AWS::CloudFormation::CustomResource"


class Cancelled(Exception):
    """The operation no longer wants what the handler does."""


@dataclass(frozen=True, slots=True)
class Attempt(Provision):
    """What CloudFormation's own types are told beside what every handler is.

    type: as the template has it (Custom::Thing). region_endpoint: where responses are sent. creation_policy: evaluated.
    """

    type: str = ""
    operation: str = ""
    root_id: str = ""
    notification_arns: tuple[str, ...] = ()
    creation_policy: Doc = field(default_factory=dict)
    restore: bool = False


class Handlers:
    """All types of this server, `Custom::*` by its one implementation."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    def find(self, type: str) -> ResourceType | None:
        if type.startswith("Custom::"):
            type = CUSTOM
        return self._kit.resource_types.get(type)

    def type(self, name: str) -> ResourceType:
        found = self.find(name)
        if found is None:
            raise NotStabilized(f"Unrecognized resource types: [{name}]")
        return found

    def moved(self, type: str, old: Doc, new: Doc) -> bool:
        """Whether these properties make the same physical id another resource."""
        kind = self.find(type)
        return kind is not None and any(old.get(name) != new.get(name) for name in kind.within)

    async def create(self, attempt: Attempt, wanted: Doc) -> Doc:
        kind = self.type(attempt.type)
        physical_id = await kind.create(attempt, wanted)
        return {"physical_id": physical_id, "attributes": await self.look(replace(attempt, kept=wanted), physical_id)}

    async def update(self, attempt: Attempt, physical_id: str, old: Doc, new: Doc) -> Doc:
        """In place; a custom resource may answer with another physical id, which is a replacement."""
        kind = self.type(attempt.type)
        attempt = attempt.updating(old)
        change = getattr(kind, "change", None)
        if change is not None:
            physical_id = await change(attempt, physical_id, old, new)
        else:
            await kind.update(attempt, physical_id, old, new)
        return {"physical_id": physical_id, "attributes": await self.look(replace(attempt, kept=new), physical_id)}

    async def look(self, attempt: Attempt, physical_id: str) -> Doc:
        """What GetAtt gives; an identifier that only AWS sets is the physical id, where a type has no other."""
        found = await self.type(attempt.type).read(attempt, physical_id) or {}
        schema = schemas.load(attempt.type)
        if schema is not None and len(schema.primary_identifier) == 1:
            (pointer,) = schema.primary_identifier
            if pointer in schema.read_only and len(pointer) == 1:
                found = {pointer[0]: physical_id, **found}
        return found

    async def delete(self, attempt: Attempt, physical_id: str) -> Doc:
        await self.type(attempt.type).delete(attempt, physical_id)
        return {}


async def outcome(
    work: Callable[[], Awaitable[Doc]],
    token: str,
    *,
    timeout_s: float = 3600.0,
    cancel: asyncio.Event | None = None,
    cancellable: Callable[[], bool] = lambda: True,
) -> Doc:
    """Run a handler: what it gave, or {"error": one sentence, "code": …}, or {"cancelled": True}."""
    try:
        async with asyncio.timeout(timeout_s):
            return await (_until(work, cancel, cancellable) if cancel is not None else work())
    except Cancelled:
        return {"cancelled": True}
    except TimeoutError:
        return _failed(f"Exceeded attempts to wait ({timeout_s:.0f} s)", "NotStabilized", token)
    except template.TemplateError as error:
        return {"error": error.message, "code": "TemplateError"}
    except Refusal as error:
        return {"error": str(error), "code": "InvalidRequest"}
    except NotStabilized as error:
        return _failed(str(error), "NotStabilized", token)
    except AwsError as error:
        return _failed(error.message or error.code, handler_code(error.code), token, error.code)
    except Exception as error:
        log.exception("a resource handler failed", token=token)
        return _failed(f"Internal error of the handler: {type(error).__name__}: {error}", "InternalFailure", token)


def _failed(message: str, code: str, token: str, error: str = "") -> Doc:
    return {"error": words.handler_failed(message, code, token), "code": code, "error_code": error, "message": message}


async def _until(work: Callable[[], Awaitable[Doc]], cancel: asyncio.Event, cancellable: Callable[[], bool]) -> Doc:
    """`work`, given up when `cancel` is set and it may be."""

    async def run() -> Doc:
        return await work()

    task = asyncio.create_task(run())
    wish = asyncio.create_task(cancel.wait())
    try:
        await asyncio.wait({task, wish}, return_when=asyncio.FIRST_COMPLETED)
        while not task.done():
            if cancellable():
                task.cancel()
                await asyncio.wait({task})
                if task.cancelled():
                    raise Cancelled
                break
            await asyncio.wait({task}, timeout=0.05)
        return task.result()
    finally:
        wish.cancel()
        if not task.done():
            task.cancel()
