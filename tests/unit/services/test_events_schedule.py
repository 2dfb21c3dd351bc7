"""Schedule expressions: when they fire next, and which cannot be."""

from datetime import UTC, datetime

import pytest

from trunkline.aws.schedules import ScheduleError, parse


def epoch(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("cron(0 12 * * ? *)", "2026-01-01T11:59:59", "2026-01-01T12:00:00"),
        ("cron(0 12 * * ? *)", "2026-01-01T12:00:00", "2026-01-02T12:00:00"),
        ("cron(0/15 * * * ? *)", "2026-01-01T00:07:00", "2026-01-01T00:15:00"),
        ("cron(0 10 ? * MON-FRI *)", "2026-01-02T10:00:00", "2026-01-05T10:00:00"),
        ("cron(0 10 ? * 2-6 *)", "2026-01-02T10:00:00", "2026-01-05T10:00:00"),
        ("cron(0 8 1 * ? *)", "2026-01-01T08:00:00", "2026-02-01T08:00:00"),
        ("cron(0 8 L * ? *)", "2026-02-01T08:00:00", "2026-02-28T08:00:00"),
        ("cron(0 8 15W * ? *)", "2026-02-01T00:00:00", "2026-02-16T08:00:00"),
        ("cron(0 8 1W * ? *)", "2026-08-01T00:00:00", "2026-08-03T08:00:00"),
        ("cron(0 8 ? * 6#3 *)", "2026-01-01T00:00:00", "2026-01-16T08:00:00"),
        ("cron(0 8 ? * 6L *)", "2026-01-01T00:00:00", "2026-01-30T08:00:00"),
        ("cron(30 6 ? JAN,JUL SAT 2027)", "2026-01-01T00:00:00", "2027-01-02T06:30:00"),
        ("cron(0 0 29 2 ? *)", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
        ("cron(5,10 8-9 ? * FRI-MON *)", "2026-01-01T00:00:00", "2026-01-02T08:05:00"),
    ],
)
def test_cron(expression, after, expected):
    assert parse(expression).next_after(epoch(after), 0) == epoch(expected)


def test_a_year_that_is_over_never_comes():
    assert parse("cron(0 0 1 1 ? 2020)").next_after(epoch("2026-01-01T00:00:00"), 0) is None


def test_rates_count_from_their_anchor():
    rate = parse("rate(5 minutes)")
    assert rate.next_after(1000.0, 1000.0) == 1300.0
    assert rate.next_after(1299.9, 1000.0) == 1300.0
    assert rate.next_after(1300.0, 1000.0) == 1600.0
    assert rate.next_after(0.0, 1000.0) == 1300.0
    assert parse("rate(1 hour)").period_s == 3600
    assert parse("rate(2 days)").period_s == 172_800


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(5 weeks)",
        "cron(* * * * *)",
        "cron(* * * * * *)",
        "cron(* * ? * ? *)",
        "cron(60 * * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 0 32 * ? *)",
        "cron(0 0 ? * 8 *)",
        "cron(0 0 ? * FOO *)",
        "cron(0 0 ? * 2#6 *)",
        "cron(a b * * ? *)",
        "cron(0/0 * * * ? *)",
        "at(2026-01-01T00:00:00)",
    ],
)
def test_refuses(expression):
    with pytest.raises(ScheduleError):
        parse(expression)
