"""What every operation of the service works with."""

from __future__ import annotations

from trunkline.aws import paging
from trunkline.aws.service import Doc, Kit
from trunkline.engines.telemetry import Telemetry
from trunkline.services.xray import store
from trunkline.services.xray.sampling.quotas import Quotas
from trunkline.services.xray.search.retrieval import Retrievals


class Context:
    def __init__(self, kit: Kit, telemetry: Telemetry, retrievals: Retrievals) -> None:
        self._kit = kit
        self._db = kit.db
        self._clock = kit.clock
        self._telemetry = telemetry
        self._quotas = Quotas()
        self._retrievals = retrievals


def page(items: list[Doc], token: str | None, size: int) -> tuple[list[Doc], str | None]:
    """By place: for answers that are worked out anew on each call, where no item has a lasting key."""
    at = paging.decode(token, error="InvalidRequestException") if token else "0"
    if not at.isdecimal():
        raise store.invalid("The specified nextToken is not valid.")
    end = int(at) + size
    return items[int(at) : end], paging.encode(str(end)) if end < len(items) else None
