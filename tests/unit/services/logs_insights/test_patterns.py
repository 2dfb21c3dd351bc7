"""pattern, diff, logcompare, anomaly.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Pattern.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Diff.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Anomaly.html
"""

import pytest
from tests.unit.services.logs_insights.asking import HOUR_MS, ask, column

from trunkline.services.logs.insights import MalformedQuery


def test_a_pattern_has_tokens_for_what_varies():
    events = [f"INFO user {n} from 10.0.0.{n} took {n}.5 ms" for n in range(8)] + ["ERROR it failed"] * 2
    rows = ask("fields @timestamp, @message | pattern @message", events)
    assert rows == [
        {
            "@pattern": "INFO user <Number-1> from <IPv4-2> took <Number-3> ms",
            "@ratio": "0.8",
            "@sampleCount": "8",
            "@severityLabel": "Info",
        },
        {"@pattern": "ERROR it failed", "@ratio": "0.2", "@sampleCount": "2", "@severityLabel": "Error"},
    ]


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("at 2026-11-23T06:00:00.123Z end", "at <Date-1> end"),
        ("id 8f507cfc-1234-4697-b07a-ac58fc914c95", "id <UUID-1>"),
        ("commit 4b523fa1 by 7", "commit <Hex-1> by <Number-2>"),
    ],
)
def test_kinds_of_tokens(text, pattern):
    assert column(ask("pattern @message", [text]), "@pattern") == [pattern]


def test_diff_tells_what_is_new_gone_and_more():
    events = [(0, "new"), (1, "job 1"), (2, "job 2"), (-HOUR_MS + 5, "job 3"), (-HOUR_MS + 6, "old")]
    rows = ask("pattern @message | diff", events)
    told = {row["@pattern"]: (row["@differenceEventCount"], row["@differenceDescription"]) for row in rows}
    assert told == {"job <Number-1>": ("1", "+100%"), "new": ("1", "New"), "old": ("-1", "Gone")}


def test_diff_and_anomaly_come_after_pattern():
    for query in ("filter @message like /GET/ | diff", "anomaly"):
        with pytest.raises(MalformedQuery, match="has to be used after Pattern"):
            ask(query, [])


def test_logcompare_shifts_by_a_period():
    rows = ask("logcompare timeshift 2h", [(0, "a"), (-2 * HOUR_MS, "b"), (-HOUR_MS, "not read")])
    assert {row["@pattern"]: row["@differenceDescription"] for row in rows} == {"a": "New", "b": "Gone"}


def test_anomalies_are_new_or_suddenly_frequent():
    late = HOUR_MS - 60_000
    events = [(n * 60_000, f"tick {n}") for n in range(48)] + [(late, "tick 99")] * 60 + [(late, "never seen")]
    rows = ask("pattern @message | anomaly", events)
    assert {row["@pattern"]: row.get("@anomalyType") for row in rows} == {
        "tick <Number-1>": "Pattern Frequency",
        "never seen": "New Pattern",
    }
    assert {row.get("@anomalyType") for row in ask("pattern @message | anomaly", events[:48])} == {None}
