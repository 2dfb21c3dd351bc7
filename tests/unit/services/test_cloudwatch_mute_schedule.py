"""Windows of alarm mute rules: the examples of AWS's documentation of Schedule, asked at times inside and outside.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Schedule.html
"""

from datetime import UTC, datetime

import pytest

from trunkline.services.cloudwatch.mute_schedule import parse


@pytest.mark.parametrize(
    ("expression", "duration", "zone", "at", "until"),
    [
        ("cron(0 2 * * *)", "PT4H", "UTC", "2026-11-23T01:59", None),
        ("cron(0 2 * * *)", "PT4H", "UTC", "2026-11-23T02:00", "2026-11-23T06:00"),
        ("cron(0 2 * * *)", "PT4H", "UTC", "2026-11-23T06:00", None),
        ("cron(0 2 * * SUN)", "PT4H", "UTC", "2026-11-22T05:00", "2026-11-22T06:00"),
        ("cron(0 2 * * SUN)", "PT4H", "UTC", "2026-11-23T05:00", None),
        ("cron(0 1 1 * *)", "PT6H", "UTC", "2026-12-01T03:00", "2026-12-01T07:00"),
        ("cron(0 18 * * FRI)", "P2DT12H", "UTC", "2026-11-22T12:00", "2026-11-23T06:00"),
        ("cron(0 23 * * *)", "PT2H", "UTC", "2026-11-23T00:30", "2026-11-23T01:00"),
        ("cron(0 2 * * *)", "PT4H", "America/New_York", "2026-07-01T07:00", "2026-07-01T10:00"),
        ("cron(0 2 * * *)", "PT4H", "America/New_York", "2026-12-01T06:30", None),
        ("cron(0,30 8-9 * JAN-MAR MON-FRI)", "PT10M", "UTC", "2026-02-02T09:35", "2026-02-02T09:40"),
        ("cron(0 0 13 * FRI)", "PT1H", "UTC", "2026-11-20T00:10", "2026-11-20T01:00"),
        ("at(2024-05-10T14:00)", "PT4H", "UTC", "2024-05-10T15:00", "2024-05-10T18:00"),
        ("at(2024-12-23T00:00)", "P7D", "UTC", "2024-12-30T00:00", None),
    ],
)  # fmt: skip
def test_windows_open_and_close_as_documented(expression, duration, zone, at, until):
    end = parse(expression, duration, zone).window_end(datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert (end and end.strftime("%Y-%m-%dT%H:%M")) == until


def test_overlapping_windows_last_until_the_last_one_ends():
    end = parse("cron(* * * * *)", "PT1H", "UTC").window_end(datetime(2026, 11, 23, 12, 30, 30, tzinfo=UTC))
    assert end == datetime(2026, 11, 23, 13, 30, tzinfo=UTC)
