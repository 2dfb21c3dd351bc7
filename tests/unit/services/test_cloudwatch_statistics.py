"""CloudWatch's statistics over the values of one period."""

import pytest

from trunkline.engines.telemetry import Bucket
from trunkline.services.cloudwatch.statistics import UnknownStatistic, parse


def bucket(*pairs: tuple[float, float]) -> Bucket:
    counts, values = [n for _, n in pairs], [v for v, _ in pairs]
    total = sum(v * n for v, n in pairs)
    return Bucket(0, sum(counts), total, min(values), max(values), list(pairs))


HUNDRED = bucket(*((float(n), 1.0) for n in range(1, 101)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SampleCount", 100), ("Sum", 5050), ("Average", 50.5), ("Minimum", 1), ("Maximum", 100),
        ("p50", 50), ("p99.9", 100), ("p0", 1), ("p100", 100),
        ("tm90", 45.5), ("TM(:90%)", 45.5), ("TM(10%:90%)", 50.5), ("IQM", 50.5), ("TM(10:20)", 15.5),
        ("wm90", (sum(range(1, 91)) + 10 * 90) / 100), ("WM(10%:90%)", (11 * 10 + sum(range(11, 91)) + 90 * 10) / 100),
        ("tc90", 90), ("TC(0.5:)", 100), ("ts50", 1275), ("TS(80%:)", sum(range(81, 101))),
        ("PR(:25)", 25), ("PR(25:75)", 50), ("PR(90:)", 10),
    ],
)  # fmt: skip
def test_computes(text, expected):
    assert parse(text).of(HUNDRED) == pytest.approx(expected)


def test_counts_weigh():
    weighted = bucket((1.0, 90.0), (100.0, 10.0))
    assert parse("p90").of(weighted) == 1
    assert parse("p91").of(weighted) == 100
    assert parse("tm95").of(weighted) == pytest.approx((90 + 5 * 100) / 95)


def test_statistic_sets_have_no_percentiles():
    summarised = Bucket(0, 10, 50, 1, 9, [], summarised=10)
    assert parse("p90").of(summarised) is None
    assert parse("Average").of(summarised) == 5


@pytest.mark.parametrize(
    "text",
    [
        "p101",
        "p",
        "p-1",
        "median",
        "tm",
        "TM()",
        "TM(:)",
        "TM(90%:10%)",
        "PR(:50%)",
        "TM(5%:10)",
        "TM(a:b)",
        "sum",
        "P99",
        "tm100.5",
    ],
)
def test_refuses_what_is_no_statistic(text):
    with pytest.raises(UnknownStatistic):
        parse(text)
