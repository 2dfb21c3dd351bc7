"""Exclusion windows: times that do not count."""

from __future__ import annotations

from trunkline.aws import paging
from trunkline.aws.schedules import ScheduleError, parse
from trunkline.aws.service import Call, Doc, operation
from trunkline.core.db import Tx
from trunkline.services.applicationsignals.api.context import (
    Context,
    find,
    look,
    moment,
    objective_resource,
    objective_resources,
)
from trunkline.services.applicationsignals.excluding import Exclusion
from trunkline.services.applicationsignals.indicators import invalid
from trunkline.services.applicationsignals.store import OBJECTIVES

_PAGE = 50
_MOST = 10


class Exclusions(Context):
    @operation(objective_resources)
    async def batch_update_exclusion_windows(self, call: Call, req: Doc) -> Doc:
        now_s = self._now_ms() // 1000
        added = [_exclusion(one, now_s) for one in req.get("AddExclusionWindows", ())]
        removed = [_exclusion(one, None) for one in req.get("RemoveExclusionWindows", ())]
        if not added and not removed:
            raise invalid("AddExclusionWindows or RemoveExclusionWindows must be given.")
        done: list[str] = []
        errors: list[Doc] = []

        def failed(given: str, code: str, message: str) -> None:
            errors.append({"SloId": given, "ErrorCode": code, "ErrorMessage": message})

        def work(tx: Tx) -> None:
            for given in dict.fromkeys(req["SloIds"]):
                objective = look(tx, call, given)
                if objective is None:
                    failed(given, "ResourceNotFoundException", f"The SLO {given} was not found.")
                    continue
                left = [one for one in objective.exclusions if not any(_same(one, gone) for gone in removed)]
                if len(objective.exclusions) - len(left) < len(removed):
                    failed(given, "ValidationException", "A window to remove matches no exclusion window of the SLO.")
                elif len(left) + len(added) > _MOST:
                    failed(given, "ValidationException", f"An SLO has at most {_MOST} exclusion windows.")
                else:
                    objective.exclusions = [*left, *added]
                    OBJECTIVES.put(tx, objective)
                    done.append(given)

        await self._kit.db.write(work)
        return {"SloIds": done, "Errors": errors}

    @operation(objective_resource)
    async def list_service_level_objective_exclusion_windows(self, call: Call, req: Doc) -> Doc:
        found = list(enumerate(find(self._kit.db, call, req["Id"]).exclusions))
        page, token = paging.page(
            found,
            req.get("MaxResults", _PAGE),
            req.get("NextToken"),
            key=lambda one: f"{one[0]:03d}",
            error="ValidationException",
        )
        return {"ExclusionWindows": [_shown(one) for _, one in page], "NextToken": token}


def _exclusion(given: Doc, now_s: int | None) -> Exclusion:
    """`now_s`: the start of a window that has none; None: it may have any."""
    recurrence = given.get("RecurrenceRule", {}).get("Expression")
    if recurrence is not None:
        try:
            parse(recurrence)
        except ScheduleError:
            raise invalid(f"{recurrence} is not a cron or rate expression.") from None
    start = given.get("StartTime")
    start_s = int(start.timestamp()) if start is not None else now_s if now_s is not None else -1
    window = given["Window"]
    return Exclusion(window["DurationUnit"], window["Duration"], start_s, recurrence, given.get("Reason"))


def _same(one: Exclusion, gone: Exclusion) -> bool:
    same = (one.unit, one.count, one.recurrence) == (gone.unit, gone.count, gone.recurrence)
    return same and gone.start_s in (-1, one.start_s) and gone.reason in (None, one.reason)


def _shown(one: Exclusion) -> Doc:
    return {
        "Window": {"DurationUnit": one.unit, "Duration": one.count},
        "StartTime": moment(one.start_s * 1000),
        "RecurrenceRule": None if one.recurrence is None else {"Expression": one.recurrence},
        "Reason": one.reason,
    }
