"""Whether an alarm of the deployment is ringing already, asked as the service role."""

from __future__ import annotations

from trunkline.services.codedeploy.model import Deployment, Failure
from trunkline.services.codedeploy.workflow.callers import Callers


async def ringing(callers: Callers, deployment: Deployment) -> list[str]:
    """Names of the alarms in ALARM. Not being able to ask is a failure, unless the group says to ignore that."""
    names = deployment.alarm_names
    if not names:
        return []
    try:
        answer = await callers.call(
            deployment, "cloudwatch", "DescribeAlarms", {"AlarmNames": names}, code="INTERNAL_ERROR"
        )
    except Failure:
        if deployment.alarms.get("ignorePollAlarmFailure"):
            return []
        raise
    both = [*(answer.get("MetricAlarms") or []), *(answer.get("CompositeAlarms") or [])]
    return sorted(alarm["AlarmName"] for alarm in both if alarm["StateValue"] == "ALARM")
