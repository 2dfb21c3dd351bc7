"""A crash before and after every commit of a deployment, also of one that rolls back: it ends as an undisturbed one.

The services around CodeDeploy are stubs that live on, as containers and the load balancer do; the crash is simulated in
this process (nothing is durable or told from that point on), so that every point of every run fits into `make test`.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.support.codedeploy_site import STEPS, Dead, Site
from trunkline.services.codedeploy.workflow import deploy, undo

Doc = dict[str, Any]
POINTS_AT_LEAST = 15


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "LOOK_EVERY_S", 0.002)
    monkeypatch.setattr(undo, "RETURN_EVERY_S", 0.002)


async def run(path: Path, number: int, side: str, ending: str) -> tuple[int, Doc]:
    """One deployment with a crash at a commit of it: how many commits the crashed process made, and how it ended."""
    path.mkdir()
    site = Site(path, speed=6000)
    site.world.green_exits = ending == "container exits"
    site.world.rings_at = 50 if ending == "alarm" else None
    await site.start()
    await site.prepare(STEPS, alarmConfiguration={"enabled": ending == "alarm", "alarms": [{"name": "5xx"}]})
    point = site.crash_at(number, side)
    try:
        await site.deploy()
        await site.until(lambda: point.is_dead or is_over(site))
    except Dead:
        pass  # whoever asked was told nothing
    if point.is_dead:
        await site.crash()
        if not site.db.one("SELECT 1 FROM codedeploy_deployments"):
            assert (number, side) == (1, "before"), "an acknowledged deployment was lost"
            await site.deploy()
        await site.until(lambda: is_over(site))
    commits, end = point.commits, summary(site)
    site.crash_at(0, "before")
    await site.close()
    return commits, end


def is_over(site: Site) -> bool:
    return site.is_idle() and not site.db.one("SELECT 1 FROM workflows WHERE status = 'RUNNING'")


def summary(site: Site) -> Doc:
    """What must not depend on crashes. Weights and creations are counted as the load balancer and ECS saw them."""
    deployments = site.db.all("SELECT status FROM codedeploy_deployments ORDER BY status")
    weights = [tuple(sorted(one.values())) for one in site.world.weights]
    states = [event["state"] for event in site.events("CodeDeploy Deployment State-change Notification")]
    return {
        "deployments": [row["status"] for row in deployments],
        "primary": site.world.primary(),
        "task_sets": len(site.world.sets),
        "created": len(site.world.called("CreateTaskSet")),
        "share": site.world.green_share(),
        "weights": list(dict.fromkeys(weights)),
        "shifts": [(one["reason"], one["weights"]["replacement"]) for one in site.events("Traffic Shift")],
        "states": states,
        "unfinished": len(site.db.all("SELECT 1 FROM workflows WHERE status = 'RUNNING'")),
    }


@pytest.mark.parametrize("ending", ["success", "container exits", "alarm"])
async def test_a_crash_at_any_commit_changes_nothing_about_the_end(tmp_path: Path, ending: str) -> None:
    commits, undisturbed = await run(tmp_path / "undisturbed", 0, "before", ending)
    assert commits >= POINTS_AT_LEAST
    assert undisturbed["unfinished"] == 0
    different = {}
    for number in range(1, commits + 1):
        for side in ("before", "after"):
            _, end = await run(tmp_path / f"{number}-{side}", number, side, ending)
            if end != undisturbed:
                different[number, side] = {key: end[key] for key in end if end[key] != undisturbed[key]}
    assert different == {}, f"undisturbed: {undisturbed}"
