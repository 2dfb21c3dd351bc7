"""Metric math. The examples marked so are AWS's own, from
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from datetime import UTC, datetime

import pytest

from trunkline.services.cloudwatch.expressions import ExpressionError, Series, Sheet, UnsupportedFunction, Window, parse

_START_MS = int(datetime(2026, 4, 6, 9, 58, tzinfo=UTC).timestamp() * 1000)  # a Monday
_MINUTE_MS = 60_000


def window(periods):
    return Window(_START_MS, _START_MS + periods * _MINUTE_MS, 60)


def series(values, label=""):
    """None is a period without a value."""
    points = {_START_MS + at * _MINUTE_MS: float(v) for at, v in enumerate(values) if v is not None}
    return Series(window(len(values)), points, label)


def shown(found):
    if isinstance(found, list):
        return [shown(one) for one in found]
    if isinstance(found, float):
        return found
    return [found.points.get(at) for at in found.window.times_ms()]


def value(expression, expressions=None, **metrics):
    length = max((len(values) for values in metrics.values()), default=5)
    made = {name: series(values, name) for name, values in metrics.items()}
    return shown(Sheet(made, {"e": expression, **(expressions or {})}, window(length)).value("e"))


M1, M2 = [30, 20, 0, 0], [20, None, 20, None]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [("(m1 < m2)", [0, 0, 1, 0]), ("(m1 >= 30)", [1, 0, 0, 0]), ("(m1 > 15 AND m2 > 15)", [1, 0, 0, 0])],
)
def test_the_documented_examples_of_comparison_and_logical_operators(expression, expected):
    assert value(expression, m1=M1, m2=M2) == expected


_CONDITION = {"m1": [1, 1, 0, 0, None], "m2": [30, None, 0, 0, 30], "m3": [0, 0, 20, None, 20]}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("IF(m1, m2, m3)", [30, 0, 20, None, None]),
        ("IF(m1, 5, m3)", [5, 5, 20, None, None]),
        ("IF(m1, m2, 5)", [30, 0, 5, 5, None]),
        ("IF(m1, m2)", [30, 0, None, None, None]),
        ("IF(1, m2, m3)", _CONDITION["m2"]),
        ("IF(0, m2, m3)", _CONDITION["m3"]),
        ("IF(0, m2)", [None] * 5),
        ("IF(m2<20, 10, 2)", [2, None, 10, 10, 2]),
    ],
)
def test_the_documented_examples_of_if(expression, expected):
    assert value(expression, **_CONDITION) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3 ^ 2", 19),
        ("2 ^ 3 ^ 2", 512),
        ("-2 ^ 2", -4),
        ("(1 + 2) * 3", 9),
        ("7 - 2 - 1", 4),
        ("1 < 2 && 2 < 1", 0),
        ("1 < 2 || 2 < 1", 1),
        ("1 == 1 OR 1 == 2 AND 1 == 3", 1),
        (".5e1 - -1", 6),
    ],
)
def test_operators_bind_as_in_arithmetic(expression, expected):
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("5 * m1", [5, 10, None, 20]),
        ("m1 - m2", [1, -2, -4, 4]),
        ("m1 / m2", [None, 0.5, 0, None]),
        ("-m1", [-1, -2, None, -4]),
        ("PERIOD(m1) / 60 * m1", [1, 2, None, 4]),
        ("SUM(100 / [m1, m2])", [100, 75, 25, 25]),
        ("AVG([m1, m2] / m1)", [0.5, 1.5, None, 0.5]),
        ("METRICS() * 100", [[100, 200, None, 400], [0, 400, 400, None]]),
        ("SUM(-[m1, m2])", [-1, -6, -4, -4]),
        ("ABS(m1 - m2)", [1, 2, 4, 4]),
        ("MIN(ABS([m1, m2]))", [0, 2, 4, 4]),
        ("MAX(METRICS())", [1, 4, 4, 4]),
        ("AVG(METRICS())", [0.5, 3, 2, 2]),
        ("m1 / METRIC_COUNT(METRICS())", [0.5, 1, None, 2]),
        ("DATAPOINT_COUNT(METRICS())", [2, 2, 1, 1]),
        ("STDDEV([m1, m2])", [0.5, 1, 0, 0]),
        ("m1 - MIN(m1)", [0, 1, None, 3]),
        ("MAX(m1) / m1", [4, 2, None, 1]),
        ("m1 + DATAPOINT_COUNT(m1)", [4, 5, None, 7]),
        ("TIME_SERIES(SUM(m1))", [7, 7, 7, 7]),
        ("TIME_SERIES(AVG(m1))", [1.75] * 4),
        ("SUM(METRICS('m2'))", [0, 4, 4, None]),
        ("SUM([METRICS(\u201cm1\u201d), METRICS(\u201cm2\u201d)])", [1, 6, 4, 4]),
        ("CEIL(m1 / 3)", [1, 1, None, 2]),
        ("FLOOR(m1 / 3)", [0, 0, None, 1]),
        ("LOG10(m1 * 0 + 100)", [2, 2, None, 2]),
        ("LOG(m2)", [None, pytest.approx(1.3862943611), pytest.approx(1.3862943611), None]),
        ("DIFF(m1)", [None, 1, None, 2]),
        ("DIFF_TIME(m1)", [None, 60, None, 120]),
        ("RATE(m1)", [None, pytest.approx(1 / 60), None, pytest.approx(1 / 60)]),
        ("RUNNING_SUM([m1, m2])", [[1, 3, None, 7], [0, 4, 8, None]]),
        ("FILL(m1, 10)", [1, 2, 10, 4]),
        ("FILL(m1, m2)", [1, 2, 4, 4]),
        ("FILL(m1, MIN(m1))", [1, 2, 1, 4]),
        ("FILL(METRICS(), REPEAT)", [[1, 2, 2, 4], [0, 4, 4, 4]]),
        ("FILL(METRICS(), LINEAR)", [[1, 2, 3, 4], [0, 4, 4, None]]),
        ("FIRST(SORT(METRICS(), AVG, DESC))", [0, 4, 4, None]),
        ("LAST(SORT(METRICS(), AVG, DESC))", [1, 2, None, 4]),
        ("SORT(METRICS(), MAX, ASC, 1)", [[1, 2, None, 4]]),
        ("SLICE(SORT(METRICS(), SUM, DESC), 0, 1)", [[0, 4, 4, None]]),
        ("SLICE(METRICS(), 1)", [[0, 4, 4, None]]),
        ("REMOVE_EMPTY([m1, m1 / 0])", [[1, 2, None, 4]]),
        ("MINUTE(m1)", [58, 59, 0, 1]),
        ("HOUR(m1)", [9, 9, 10, 10]),
        ("DAY(m1)", [1] * 4),
        ("DATE(m1)", [6] * 4),
        ("MONTH(m1)", [4] * 4),
        ("YEAR(m1)", [2026] * 4),
        ("EPOCH(m1)", [_START_MS / 1000 + 60 * at for at in range(4)]),
        ("IF(DAY(m1) < 6, m1)", [1, 2, 0, 4]),
    ],
)
def test_functions_do_as_documented(expression, expected):
    assert value(expression, m1=[1, 2, None, 4], m2=[0, 4, 4, None]) == expected


def test_the_documented_error_rate():
    metrics = {"errors": [1, 0], "requests": [10, 5]}
    assert value('SUM(METRICS("errors"))/SUM(METRICS("requests"))*100', **metrics) == [10, 0]


def test_an_empty_metric_is_filled_over_the_whole_window():
    assert value("FILL(m1, 0)", m1=[None, None]) == [0, 0]


@pytest.mark.parametrize("expression", ["SUM(METRICS('no'))", "MAX(REMOVE_EMPTY([m1]))", "FIRST(REMOVE_EMPTY([m1]))"])
def test_an_array_of_nothing_comes_to_a_series_of_nothing(expression):
    assert value(expression, m1=[None]) == [None]


def test_expressions_name_each_other():
    assert value("e2 / 2", {"e2": "m1 + 1"}, m1=[1, 3]) == [1, 2]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "unexpected 'the end'"),
        ("m1 +", "unexpected 'the end'"),
        ("(m1", r"expected '\)'"),
        ("m1 m2", "unexpected 'm2' at position 3"),
        ("m1 ? 1", r"unexpected character '\?'"),
        ("m9", "undefined id 'm9'"),
        ("M1 + 1", "lowercase"),
        ("avg(m1)", "unknown function 'avg'"),
        ("[m1] + [m2]", "Unsupported operand"),
        ("ABS(m1, m2)", "one argument"),
        ("SUM(1)", "Unsupported argument type for SUM: 'Scalar'"),
        ("FIRST(m1)", "Unsupported argument type for FIRST: 'TimeSeries'"),
        ("FILL(m1, NEVER)", "REPEAT or LINEAR"),
        ("PERIOD(m1 + 1)", "PERIOD takes a metric"),
        ("SORT([m1], MEDIAN, ASC)", "sorts by"),
        ("SORT([m1], AVG, UP)", "order"),
        ("e + 1", "circular reference: e -> e"),
        ("(" * 100 + "m1" + ")" * 100, "nested too deeply"),
    ],
)
def test_what_makes_no_sense_is_told(expression, message):
    with pytest.raises(ExpressionError, match=message):
        value(expression, m1=[1], m2=[1])


@pytest.mark.parametrize("name", ["DB_PERF_INSIGHTS", "LAMBDA", "SERVICE_QUOTA"])
def test_functions_that_are_refused_are_named(name):
    with pytest.raises(UnsupportedFunction, match=name):
        value(f"{name}(m1)", m1=[1])


def test_a_number_is_no_final_result():
    with pytest.raises(ExpressionError, match="not a scalar"):
        Sheet({"m1": series([1])}, {"e": "AVG(m1)"}, window(1)).result("e")


def test_metrics_of_different_periods_meet_at_the_coarsest():
    coarse = Series(Window(_START_MS, _START_MS + 300_000, 300), {_START_MS - _START_MS % 300_000: 100.0})
    fine = series([1, 2])
    sheet = Sheet({"m1": fine, "m2": coarse}, {"e": "m2 + m1 * 2"}, window(2))
    assert shown(sheet.result("e")) == [103, None], "what was computed counts with its mean"


def test_a_metric_is_read_anew_at_a_coarser_period():
    def read(period_s):
        return Series(Window(0, 600_000, period_s), {0: 42.0}, reread=read)

    coarse = Series(Window(0, 600_000, 600), {0: 8.0})
    sheet = Sheet({"m1": read(60), "m2": coarse}, {"e": "m1 + m2"}, Window(0, 600_000, 600))
    assert shown(sheet.result("e")) == [50]


def test_values_that_arithmetic_drops_are_told():
    sheet = Sheet({"m1": series([1, 2]), "m2": series([0, 2])}, {"e": "m1 / m2", "f": "FILL(m1, 0)"}, window(2))
    assert sheet.result("e").dropped and shown(sheet.result("e")) == [None, 1]
    assert not sheet.result("f").dropped


def test_arrays_of_arrays_do_not_grow_without_bound():
    many = {"a": f"[{','.join(['m1'] * 400)}]", "b": f"[{','.join(['a'] * 400)}]"}
    with pytest.raises(ExpressionError, match="up to 500"):
        value("FIRST(b)", many, m1=[1])


def test_an_expression_is_read_once():
    assert parse("m1 + 1") is parse("m1 + 1")
