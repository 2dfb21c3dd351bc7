"""Every resource type of this server, by its samples: a whole life as a stack, with every mutable property changed
behind the stack's back. Found: all of it, each put down to its call; and nothing that is no drift.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.support.provisioning import provisioning
from tests.support.resource_lives import Life
from tests.support.resource_samples import all_samples, type_of
from tests.support.server import Server

SAMPLES = all_samples()
_AT_ONCE = 6
_ONLY = os.environ.get("TRUNKLINE_RESOURCE_TYPES", "")  # a piece of the types to look at while working on them
# Stacks and what acts on them; layers, whose content must be an object in S3.
_OWN_TESTS = ("AWS::CloudFormation::", "AWS::CDK::", "Custom::", "AWS::Lambda::LayerVersion")


@pytest.fixture(scope="session")
def lives(tmp_path_factory):
    """What does not hold, by sample. All live at once on one server: the time goes into waiting, not into work."""
    with Server(tmp_path_factory.mktemp("types") / "data", clock=60) as server, ThreadPoolExecutor(_AT_ONCE) as pool:
        clients = {name: server.client(name) for name in ("cloudformation", "cloudcontrol")}
        wanted = {key: sample for key, sample in SAMPLES.items() if _ONLY in key}
        running = {
            key: pool.submit(Life(server, clients.__getitem__, key, sample).run) for key, sample in wanted.items()
        }
        yield {key: future.result() for key, future in running.items()}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("key", [key for key in SAMPLES if _ONLY in key])
def test_lives_as_its_template_says(lives, key):
    wrong = lives[key].wrong
    assert not wrong, f"{key}:\n" + "\n".join(wrong)


@pytest.mark.timeout(600)
def test_every_change_behind_a_stacks_back_is_found_and_put_down_to_its_call(lives):
    figures = {
        "types": len({type_of(key) for key in lives}),
        "changes": sum(life.changed for life in lives.values()),
        "found": sum(life.found for life in lives.values()),
        "attributed": sum(life.attributed for life in lives.values()),
        "false": sum("drift " in told for life in lives.values() for told in life.wrong),
    }
    print(json.dumps(figures))  # with `pytest -s`: the figure
    assert figures["changes"] == figures["found"] == figures["attributed"] > 0
    assert figures["false"] == 0


async def test_every_type_has_a_sample(tmp_path):
    async with provisioning(tmp_path) as provisioner:
        types = {name for name in provisioner.kit.resource_types if not name.startswith(_OWN_TESTS)}
    missing = sorted(types - {type_of(key) for key in SAMPLES})
    assert not missing
