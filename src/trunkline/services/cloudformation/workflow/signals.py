"""Waiting for the signals of a CreationPolicy or a wait condition.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-creationpolicy.html
"""

import re
from datetime import datetime
from typing import Any

from trunkline.core.db import Reader
from trunkline.services.cloudformation import store
from trunkline.services.cloudformation.model import Signal
from trunkline.services.cloudformation.workflow.refusal import Refusal

Doc = dict[str, Any]
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def seconds(text: str) -> float:
    """An ISO 8601 duration as CloudFormation takes them: PT15M."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise Refusal(f"Invalid timeout {text}")
    days, hours, minutes, rest = (int(piece or 0) for piece in found.groups())
    return float(days * 86400 + hours * 3600 + minutes * 60 + rest)


def told(reader: Reader, stack_id: str, logical_id: str, since: datetime) -> tuple[list[Signal], list[Signal]]:
    """Successes and failures received since then."""
    found = store.signals_of(reader, stack_id, logical_id, since)
    return [one for one in found if one.status == "SUCCESS"], [one for one in found if one.status != "SUCCESS"]


def number(value: Any) -> int:
    """How many signals are asked for; templates write numbers as text too."""
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Refusal(f"Invalid count {value}") from None


async def awaited(session: Any, logical_id: str, policy: Doc, since: datetime) -> None:
    """Until a resource has the signals its CreationPolicy asks for; Refusal otherwise."""
    wanted = policy.get("ResourceSignal")
    if not isinstance(wanted, dict):
        return
    count, timeout = number(wanted.get("Count", 1)), str(wanted.get("Timeout", "PT5M"))
    deadline = session.kit.clock.due(seconds(timeout))
    while True:
        good, bad = told(session.kit.db, session.stack.id, logical_id, since)
        if len(good) >= count:
            return
        if bad or session.kit.clock.time() >= deadline:
            text = (
                f"Received {len(bad)} FAILURE signal(s) out of {count}. "
                if bad
                else (f"Failed to receive {count} resource signal(s) within the specified duration. ")
            )
            raise Refusal(text.strip())
        await session.kit.clock.sleep(0.2)
