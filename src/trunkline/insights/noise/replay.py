"""Run an alarm, as it is or changed, over the stored history."""

from __future__ import annotations

import asyncio
from typing import Any

from trunkline.aws.alarms import BANDS
from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.insights.noise.asked import Asked
from trunkline.insights.noise.candidate import Candidate, changed, present
from trunkline.insights.noise.firing import firings
from trunkline.insights.noise.history import History
from trunkline.insights.noise.incidents import read
from trunkline.insights.noise.score import Score, iso

Doc = dict[str, Any]


async def replay(kit: Kit, caller: Caller, asked: Asked) -> Doc:
    alarm = await alarm_named(kit, caller, asked.name)
    now = present(alarm)
    candidate = changed(now, asked)
    check(candidate, asked)
    history = History(kit, caller, alarm, asked.start_ms, asked.end_ms)
    incidents, deployments = read(kit.ledger, caller.account, caller.region, asked, kit.clock.now())
    score = Score.of(await fired(history, candidate), incidents)
    return {
        "alarm": asked.name,
        "from": iso(asked.start_ms),
        "to": iso(asked.end_ms),
        "present": shown(alarm, now),
        "replayed": shown(alarm, candidate),
        "looked_every_s": history.step_s(candidate.period_s),
        **score.told(deployments),
    }


async def alarm_named(kit: Kit, caller: Caller, name: str) -> Doc:
    asked = {"AlarmNames": [name], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    found = await kit.call("cloudwatch", "DescribeAlarms", asked, as_=caller)
    if found["CompositeAlarms"]:
        raise AwsError("ValidationException", f"{name} is a composite alarm: replay the alarms it names", status=400)
    if not found["MetricAlarms"]:
        raise AwsError("ResourceNotFoundException", f"there is no alarm {name}", status=404)
    alarm: Doc = found["MetricAlarms"][0]
    return alarm


def check(candidate: Candidate, asked: Asked) -> None:
    setting = candidate.setting
    if setting.needed > setting.periods:
        raise AwsError("ValidationException", f"{setting.needed} of {setting.periods} cannot be", status=400)
    if setting.comparison in BANDS and asked.threshold is not None:
        message = "an alarm on anomalies has no threshold: change the band's width in the alarm"
        raise AwsError("ValidationException", message, status=400)
    if candidate.period_s * setting.periods > 7 * 86_400:
        raise AwsError("ValidationException", "an alarm looks back seven days at most", status=400)


async def fired(history: History, candidate: Candidate) -> list[Any]:
    setting, period_s = candidate.setting, candidate.period_s
    points = await history.points(period_s, setting.periods)
    step_s = history.step_s(period_s)
    return await asyncio.to_thread(firings, setting, points, period_s, step_s, history.start_ms, history.end_ms)


def shown(alarm: Doc, candidate: Candidate) -> Doc:
    """A setting in the words of the template."""
    found = {**candidate.shown, "ComparisonOperator": candidate.setting.comparison}
    if candidate.setting.comparison in BANDS:
        del found["Threshold"]
    if alarm.get("Metrics"):
        del found["Period"]  # it belongs to each of the metrics
    return found
