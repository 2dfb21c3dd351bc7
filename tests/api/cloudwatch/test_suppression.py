"""Suppressors of composite alarms through boto3.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm_Suppression.html
"""

import pytest
from botocore.exceptions import ClientError
from tests.api.cloudwatch.alarms import Pager, composite, put_quiet_alarm, set_state
from tests.support.server import wait_until


@pytest.fixture
def pager(aws, name):
    return Pager(aws, name)


@pytest.fixture
def family(cloudwatch, name, pager):
    """A composite alarm over a child, with a suppressor; all are OK."""

    def make(wait_s, extension_s):
        child, suppressor = (put_quiet_alarm(cloudwatch, f"{name}-{of}") for of in ("child", "suppressor"))
        set_state(cloudwatch, suppressor, "OK")
        cloudwatch.put_composite_alarm(
            AlarmName=name,
            AlarmRule=f"ALARM({child})",
            AlarmActions=[pager.topic],
            ActionsSuppressor=suppressor,
            ActionsSuppressorWaitPeriod=wait_s,
            ActionsSuppressorExtensionPeriod=extension_s,
        )
        return child, suppressor

    return make


def suppressed_by(cloudwatch, name, what):
    return wait_until(
        lambda: (found := composite(cloudwatch, name)).get("ActionsSuppressedBy") == what and found, what=str(what)
    )


def test_actions_are_taken_when_the_wait_period_ends_without_the_suppressor(cloudwatch, family, pager, name):
    child, _ = family(1, 60)
    set_state(cloudwatch, child, "ALARM")
    message = pager.message()
    assert (message["NewStateValue"], message["AlarmName"]) == ("ALARM", name)
    assert "ActionsSuppressedBy" not in composite(cloudwatch, name)


def test_the_suppressor_keeps_actions_back_and_the_extension_period_lets_the_alarm_recover(
    cloudwatch, family, pager, name
):
    child, suppressor = family(60, 60)
    set_state(cloudwatch, child, "ALARM")
    found = suppressed_by(cloudwatch, name, "WaitPeriod")
    assert found["StateValue"] == "ALARM" and found["ActionsSuppressedReason"] == "Actions suppressed by WaitPeriod"
    set_state(cloudwatch, suppressor, "ALARM")
    suppressed_by(cloudwatch, name, "Alarm")
    set_state(cloudwatch, suppressor, "OK")
    suppressed_by(cloudwatch, name, "ExtensionPeriod")
    set_state(cloudwatch, child, "OK")
    wait_until(lambda: composite(cloudwatch, name)["StateValue"] == "OK", what="OK")
    assert suppressed_by(cloudwatch, name, "WaitPeriod")  # a new one: the extension period is over
    assert pager.silent()


def test_an_alarm_that_fires_under_its_suppressor_acts_after_the_extension_period(cloudwatch, family, pager, name):
    child, suppressor = family(60, 1)
    set_state(cloudwatch, suppressor, "ALARM")
    set_state(cloudwatch, child, "ALARM")
    suppressed_by(cloudwatch, name, "Alarm")
    set_state(cloudwatch, suppressor, "OK")
    assert pager.message()["NewStateValue"] == "ALARM"


def test_the_suppressor_is_shown_and_can_be_taken_away(cloudwatch, family, pager, name):
    child, suppressor = family(60, 30)
    found = composite(cloudwatch, name)
    assert found["ActionsSuppressor"] == suppressor
    assert (found["ActionsSuppressorWaitPeriod"], found["ActionsSuppressorExtensionPeriod"]) == (60, 30)
    set_state(cloudwatch, child, "ALARM")
    suppressed_by(cloudwatch, name, "WaitPeriod")
    cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=f"ALARM({child})", AlarmActions=[pager.topic])
    assert pager.message()["NewStateValue"] == "ALARM"


def test_a_suppressor_needs_its_periods_and_must_exist(cloudwatch, name):
    periods = {"ActionsSuppressorWaitPeriod": 1, "ActionsSuppressorExtensionPeriod": 1}
    with pytest.raises(ClientError, match="ActionsSuppressor must be an existing alarm"):
        cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule="TRUE", ActionsSuppressor="none", **periods)
    with pytest.raises(ClientError, match="must not be specified without ActionsSuppressor"):
        cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule="TRUE", **periods)
