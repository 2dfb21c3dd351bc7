"""Alarm mute rules through boto3.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-mute-rules-behaviour.html
"""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from tests.api.cloudwatch.alarms import Pager, put_quiet_alarm, set_state
from tests.support.server import wait_until

ALWAYS = {"Schedule": {"Expression": "cron(* * * * *)", "Duration": "PT1H"}}


@pytest.fixture
def muted(cloudwatch, aws, name):
    """An alarm with an action and a rule that mutes it now; and what hears of the action."""
    pager = Pager(aws, name)
    put_quiet_alarm(cloudwatch, name, AlarmActions=[pager.topic])
    set_state(cloudwatch, name, "OK")
    cloudwatch.put_alarm_mute_rule(Name=name, Rule=ALWAYS, MuteTargets={"AlarmNames": [name]})
    return pager


def history(cloudwatch, name):
    items = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")["AlarmHistoryItems"]
    return [item["HistorySummary"] for item in items]


def test_actions_are_kept_back_until_the_mute_ends(cloudwatch, muted, name):
    set_state(cloudwatch, name, "ALARM")
    wait_until(lambda: history(cloudwatch, name), what="the muted action")
    assert history(cloudwatch, name) == [f"Actions muted by alarm mute rule {name}"] and muted.silent()
    cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName=name)
    assert muted.message()["NewStateValue"] == "ALARM"


def test_what_recovered_under_the_mute_is_not_acted_on(cloudwatch, muted, name):
    set_state(cloudwatch, name, "ALARM")
    wait_until(lambda: history(cloudwatch, name), what="the muted action")
    set_state(cloudwatch, name, "OK")
    cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName=name)
    set_state(cloudwatch, name, "INSUFFICIENT_DATA")
    set_state(cloudwatch, name, "ALARM")
    first = muted.message()
    assert first["OldStateValue"] == "INSUFFICIENT_DATA" and muted.silent()


def test_rules_are_shown_with_their_status(cloudwatch, name):
    later = (datetime.now(UTC) + timedelta(days=2)).strftime("at(%Y-%m-%dT%H:%M)")
    once = {"Schedule": {"Expression": later, "Duration": "PT2H", "Timezone": "Asia/Tokyo"}}
    past = {"Schedule": {"Expression": "at(2024-05-10T14:00)", "Duration": "P1D"}}
    targets = {"AlarmNames": [name]}
    cloudwatch.put_alarm_mute_rule(Name=f"{name}-1", Rule=ALWAYS, MuteTargets=targets, Description="nights")
    cloudwatch.put_alarm_mute_rule(Name=f"{name}-2", Rule=once, MuteTargets=targets)
    cloudwatch.put_alarm_mute_rule(Name=f"{name}-3", Rule=past, MuteTargets=targets)
    pages = [
        cloudwatch.list_alarm_mute_rules(AlarmName=name, MaxRecords=2),
    ]
    pages.append(cloudwatch.list_alarm_mute_rules(AlarmName=name, MaxRecords=2, NextToken=pages[0]["NextToken"]))
    found = [one for page in pages for one in page["AlarmMuteRuleSummaries"]]
    assert [(one["Status"], one["MuteType"]) for one in found] == [
        ("ACTIVE", "RECURRING"),
        ("SCHEDULED", "ONE_TIME"),
        ("EXPIRED", "ONE_TIME"),
    ]
    active = cloudwatch.list_alarm_mute_rules(AlarmName=name, Statuses=["ACTIVE"])["AlarmMuteRuleSummaries"]
    assert [one["AlarmMuteRuleArn"].rpartition(":")[2] for one in active] == [f"{name}-1"]
    shown = cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName=f"{name}-2")
    assert shown["Rule"] == once and shown["MuteTargets"] == targets and shown["Status"] == "SCHEDULED"
    assert cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName=f"{name}-1")["Description"] == "nights"


def test_rules_are_tagged_replaced_and_deleted(cloudwatch, name):
    cloudwatch.put_alarm_mute_rule(Name=name, Rule=ALWAYS, Tags=[{"Key": "team", "Value": "one"}])
    made = cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName=name)
    arn = made["AlarmMuteRuleArn"]
    assert arn == f"arn:aws:cloudwatch:us-east-1:000000000000:alarm-mute-rule:{name}" and "MuteTargets" not in made
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "b"}])
    tags = {tag["Key"]: tag["Value"] for tag in cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]}
    assert tags == {"team": "one", "a": "b"}
    until = datetime(2024, 1, 1, tzinfo=UTC)
    cloudwatch.put_alarm_mute_rule(Name=name, Rule=ALWAYS, ExpireDate=until)
    assert cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName=name)["Status"] == "EXPIRED"
    cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName=name)
    cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName=name)  # idempotent, as AWS documents
    with pytest.raises(cloudwatch.exceptions.ResourceNotFoundException):
        cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName=name)


@pytest.mark.parametrize(
    ("schedule", "why"),
    [
        ({"Expression": "rate(5 minutes)", "Duration": "PT1H"}, "neither cron"),
        ({"Expression": "cron(0 2 * *)", "Duration": "PT1H"}, "five fields"),
        ({"Expression": "cron(60 2 * * *)", "Duration": "PT1H"}, "60 is no minutes"),
        ({"Expression": "at(2024-13-10T14:00)", "Duration": "PT1H"}, "no date"),
        ({"Expression": "cron(0 2 * * *)", "Duration": "PT10S"}, "at least 1 minute"),
        ({"Expression": "cron(0 2 * * *)", "Duration": "P16D"}, "at most 15 days"),
        ({"Expression": "cron(0 2 * * *)", "Duration": "4 hours"}, "ISO 8601"),
        ({"Expression": "cron(0 2 * * *)", "Duration": "PT1H", "Timezone": "Mars/Olympus"}, "time zone"),
    ],
)
def test_what_no_schedule_is(cloudwatch, name, schedule, why):
    with pytest.raises(ClientError, match=why):
        cloudwatch.put_alarm_mute_rule(Name=name, Rule={"Schedule": schedule})
