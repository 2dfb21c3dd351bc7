"""Budget reports: how much of what an objective allows is left."""

from __future__ import annotations

from trunkline.aws.service import Call, Doc, operation
from trunkline.services.applicationsignals.api.context import Context, goal, indicator, look, objective_resources
from trunkline.services.applicationsignals.model import PERIODS, Objective


class Budgets(Context):
    @operation(objective_resources)
    async def batch_get_service_level_objective_budget_report(self, call: Call, req: Doc) -> Doc:
        reports, errors = [], []
        for given in dict.fromkeys(req["SloIds"]):
            found = look(self._kit.db, call, given)
            if found is None:
                [arn] = objective_resources(call, {"SloIds": [given]})
                errors.append(
                    {
                        "Name": given.rpartition("/")[2],
                        "Arn": arn,
                        "ErrorCode": "ResourceNotFoundException",
                        "ErrorMessage": f"The SLO {given} was not found.",
                    }
                )
            else:
                reports.append(await self._report(found, req))
        return {"Timestamp": req["Timestamp"], "Reports": reports, "Errors": errors}

    async def _report(self, objective: Objective, req: Doc) -> Doc:
        found = await self._measuring.budget_at(objective, req["Timestamp"])
        unit = "Seconds" if objective.kind == PERIODS else "Requests"
        return {
            "Arn": objective.arn,
            "Name": objective.name,
            "EvaluationType": objective.kind,
            "BudgetStatus": found.status,
            "Attainment": found.attainment_pct,
            f"TotalBudget{unit}": found.total,
            f"Budget{unit}Remaining": found.remaining,
            **indicator(objective),
            "Goal": goal(objective),
        }
