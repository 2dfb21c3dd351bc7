"""Data points of cumulative series, and histograms as values with counts."""

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from trunkline.agents.otlp.histograms import Distribution, spread
from trunkline.agents.otlp.metrics import Series, data
from trunkline.core.clock import ManualClock

S = 1_000_000_000
DELTA, CUMULATIVE = 1, 2


@pytest.fixture
def series():
    return Series(ManualClock())


def sent(series, **metric):
    """(name, values) of what one metric becomes, and what was rejected."""
    request = ExportMetricsServiceRequest()
    request.resource_metrics.add().scope_metrics.add().metrics.add(name="m", **metric)
    batches, bad = data(request, series, ("1", "r"))
    return [one for _, out in batches for one in out], bad


def total(value, at, start, **more):
    point = {"as_double": value, "time_unix_nano": at, "start_time_unix_nano": start}
    return {"sum": {"aggregation_temporality": CUMULATIVE, "is_monotonic": True, "data_points": [point], **more}}


def values(told):
    return [one["Value"] for one in told[0]]


class TestTotals:
    def test_each_point_adds_what_is_new(self, series):
        start = int(ManualClock().time() * S) + S
        assert values(sent(series, **total(5, start + S, start))) == [5]
        assert values(sent(series, **total(7, start + 2 * S, start))) == [2]
        assert values(sent(series, **total(7, start + 2 * S, start))) == []  # sent again
        assert values(sent(series, **total(3, start + 9 * S, start + 8 * S))) == [3]  # the process was started again
        assert values(sent(series, **total(1, start + 10 * S, start + 8 * S))) == [1]  # and again, unsaid

    def test_a_series_from_before_us_only_sets_the_mark(self, series):
        start = int(ManualClock().time() * S) - S
        assert values(sent(series, **total(500, start + 2 * S, start))) == []
        assert values(sent(series, **total(503, start + 3 * S, start))) == [3]

    def test_what_goes_up_and_down_is_told_as_it_is(self, series):
        start = int(ManualClock().time() * S)
        assert values(sent(series, **total(5, start + 1, start, is_monotonic=False))) == [5]
        assert values(sent(series, **total(4, start + 2, start, is_monotonic=False))) == [4]
        assert values(sent(series, **total(4, start + 2, start, aggregation_temporality=DELTA))) == [4]


def test_what_is_no_number_is_rejected_and_what_is_none_is_left_out(series):
    told, bad = sent(series, gauge={"data_points": [{"as_double": float("nan")}, {"as_int": 3}, {"flags": 1}]})
    assert [one["Value"] for one in told] == [3]
    assert bad == ["A data point of m is not a finite number."]


@pytest.mark.parametrize(
    ("unit", "named"),
    [("ms", "Milliseconds"), ("By", "Bytes"), ("{order}", "Count"), ("{order}/s", "Count/Second"), ("1", "None")],
)
def test_units_are_cloudwatchs(series, unit, named):
    told, _ = sent(series, unit=unit, gauge={"data_points": [{"as_int": 3}]})
    assert told[0]["Unit"] == named


def test_cumulative_histograms_tell_what_is_new(series):
    start = int(ManualClock().time() * S) + S

    def point(at, counts, total):
        return {
            "histogram": {
                "aggregation_temporality": CUMULATIVE,
                "data_points": [
                    {"time_unix_nano": at, "start_time_unix_nano": start, "explicit_bounds": [10, 100],
                     "bucket_counts": counts, "count": sum(counts), "sum": total}
                ],
            }
        }  # fmt: skip

    sent(series, **point(start + S, [1, 0, 0], 5))
    (told,), _ = sent(series, **point(start + 2 * S, [1, 4, 0], 5 + 4 * 40))
    assert (told["Values"], told["Counts"]) == ([40], [4])


def test_exponential_histograms_are_told_by_value(series):
    point = {
        "count": 6, "sum": 13.0, "scale": 0, "zero_count": 1, "positive": {"offset": 0, "bucket_counts": [2, 3]},
    }  # fmt: skip
    (told,), _ = sent(series, exponential_histogram={"aggregation_temporality": DELTA, "data_points": [point]})
    assert told["Counts"] == [1, 2, 3]
    assert told["Values"][0] == 0
    assert 1 <= told["Values"][1] <= 2 <= told["Values"][2] <= 4
    assert sum(value * count for value, count in zip(told["Values"], told["Counts"], strict=True)) == pytest.approx(13)


def test_cumulative_exponential_histograms_may_grow_new_buckets_and_widen_them(series):
    start = int(ManualClock().time() * S) + S

    def told(at, scale, counts, total):
        point = {
            "time_unix_nano": start + at * S, "start_time_unix_nano": start, "scale": scale, "count": sum(counts),
            "sum": total, "positive": {"offset": 0, "bucket_counts": counts},
        }  # fmt: skip
        (made,), _ = sent(series, exponential_histogram={"aggregation_temporality": CUMULATIVE, "data_points": [point]})
        return made["Counts"], sum(v * n for v, n in zip(made["Values"], made["Counts"], strict=True))

    assert told(1, 0, [2], 3) == ([2], pytest.approx(3))
    assert told(2, 0, [2, 0, 1], 9) == ([1], pytest.approx(6))
    assert told(3, -1, [2, 2], 19) == ([1], pytest.approx(10))


@pytest.mark.parametrize(
    "point",
    [
        {"scale": -30, "count": 1, "positive": {"bucket_counts": [1]}},
        {"scale": 0, "count": 1, "sum": float("inf"), "positive": {"bucket_counts": [1]}},
    ],
)
def test_histograms_beyond_numbers_are_rejected(series, point):
    told, bad = sent(series, exponential_histogram={"aggregation_temporality": DELTA, "data_points": [point]})
    assert (told, len(bad)) == ([], 1)


def test_summaries_are_statistic_sets(series):
    start = int(ManualClock().time() * S) + S
    point = {
        "count": 4, "sum": 10, "time_unix_nano": start + S, "start_time_unix_nano": start,
        "quantile_values": [{"quantile": 0, "value": 1}, {"quantile": 1, "value": 4}],
    }  # fmt: skip
    (told,), _ = sent(series, summary={"data_points": [point]})
    assert told["StatisticValues"] == {"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 4}


@pytest.mark.parametrize(
    "found",
    [
        Distribution(((0, 10, 5), (10, 20, 5)), 100.0, 1, 19),
        Distribution(((0, 10, 1),), 7.0, 7, 7),
        Distribution(((0, 10, 3), (10, 10, 2)), 1_000.0, 2, 600),
        Distribution(((0, 0, 4), (0, 5, 1)), 3.0),
        Distribution(((-20, -10, 2), (0, 5, 2)), -25.0),
    ],
)
def test_counts_sums_and_extremes_of_a_histogram_are_kept(found):
    told = spread(found)
    assert sum(count for _, count in told) == found.count
    assert sum(value * count for value, count in told) == pytest.approx(found.total)
    if found.least is not None:
        assert (told[0][0], told[-1][0]) == (found.least, found.most)
