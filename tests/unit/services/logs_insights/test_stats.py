"""stats and its functions.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Stats.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-timeseries-functions.html
"""

import pytest
from tests.unit.services.logs_insights.asking import ask, column

from trunkline.services.logs.insights import MalformedQuery

MINUTE = 60_000
FLOWS = [
    (0, {"dstAddr": "a", "bytes": 100, "queryType": "A", "myfield1": 1}),
    (MINUTE, {"dstAddr": "a", "bytes": 300, "queryType": "AAAA", "myfield1": 3}),
    (6 * MINUTE, {"dstAddr": "b", "bytes": 50, "queryType": "A", "myfield1": 10}),
    (6 * MINUTE + 1, "no flow"),
]


def one(query, events=FLOWS):
    return ask(query, events)[0]


# The examples of AWS's page.
def test_counts_by_type_and_hour():
    rows = ask("stats count(*) by queryType, bin(1h)", FLOWS[:3])
    assert rows[0] == {"queryType": "A", "bin(1h)": "2026-11-23 00:00:00.000", "count(*)": "2"}


def test_averages_in_bins_newest_first():
    rows = ask("stats avg(myfield1), min(bytes), max(bytes) by bin(5m)", FLOWS)
    assert rows == [
        {"bin(5m)": "2026-11-23 00:05:00.000", "avg(myfield1)": "10", "min(bytes)": "50", "max(bytes)": "50"},
        {"bin(5m)": "2026-11-23 00:00:00.000", "avg(myfield1)": "2", "min(bytes)": "100", "max(bytes)": "300"},
    ]


def test_averages_by_destination():
    rows = ask("stats avg(bytes), max(bytes) by dstAddr | filter ispresent(dstAddr)", FLOWS)
    assert rows == [
        {"dstAddr": "a", "avg(bytes)": "200", "max(bytes)": "300"},
        {"dstAddr": "b", "avg(bytes)": "50", "max(bytes)": "50"},
    ]


def test_peak_of_the_volume_in_bins():
    query = """FIELDS strlen(@message) AS message_length
    | STATS sum(message_length)/1024/1024 as logs_mb BY bin(5m)
    | STATS max(logs_mb) AS peak_ingest_mb,
            min(logs_mb) AS min_ingest_mb,
            avg(logs_mb) AS avg_ingest_mb"""
    row = one(query, [(0, "x" * 1048576), (6 * MINUTE, "x" * 3145728)])
    assert row == {"peak_ingest_mb": "3", "min_ingest_mb": "1", "avg_ingest_mb": "2"}


def test_sessions_by_platform():
    query = """STATS count_distinct(client_ip) AS session_ips,
          count(*) AS requests BY session_id, client_platform
    | FILTER session_ips > 1
    | STATS count(*) AS multiple_ip_sessions,
            sum(requests) / count(*) AS avg_session_requests BY client_platform"""
    events = [
        {"client_ip": ip, "session_id": session, "client_platform": "web"}
        for session, ips in {"s1": "abb", "s2": "aaa", "s3": "cd"}.items()
        for ip in ips
    ]
    asked = ask(query, events)
    assert asked == [{"client_platform": "web", "multiple_ip_sessions": "2", "avg_session_requests": "2.5"}]
    assert asked.matched == 8


def test_five_minutes_gathered_into_ten():
    query = """FIELDS strlen(@message) AS message_length
    | STATS sum(message_length) AS total BY BIN(5m) as @t
    | STATS max(total) AS peak BY dateceil(@t, 10m)"""
    rows = ask(query, [(MINUTE, "xx"), (6 * MINUTE, "xxx"), (7 * MINUTE, "x")])
    assert rows == [
        {"dateceil(@t, 10m)": "2026-11-23 00:10:00.000", "peak": "4"},
        {"dateceil(@t, 10m)": "2026-11-23 00:00:00.000", "peak": "2"},
    ]


def test_a_time_that_the_first_stats_hands_on():
    query = """FIELDS strlen(@message) AS message_length
     | STATS sum(message_length) AS ingested_bytes, max(@timestamp) as @t BY @logStream
     | STATS avg(ingested_bytes) BY dateceil(@t, 5m)"""
    assert one(query, ["xx", "xxx"]) == {"dateceil(@t, 5m)": "2026-11-23 00:05:00.000", "avg(ingested_bytes)": "5"}


@pytest.mark.parametrize(
    "query",
    [
        "FIELDS @message | STATS SUM(Fault) by Operation | STATS MAX(strlen(@message)) AS MaxMessageSize",
        "STATS sum(bytes) AS b BY @logStream | STATS avg(b) BY bin(5m)",
        "STATS dstAddr by bytes",
        "stats pct(bytes, 101)",
        "stats count(a, b)",
        "stats nosuch(bytes)",
    ],
)
def test_what_the_page_calls_invalid_is_malformed(query):
    with pytest.raises(MalformedQuery):
        ask(query, FLOWS)


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("count()", "4"),
        ("count(*)", "4"),
        ("count(bytes)", "3"),
        ("count_distinct(dstAddr)", "2"),
        ("sum(bytes)", "450"),
        ("avg(bytes)", "150"),
        ("min(bytes)", "50"),
        ("max(bytes)", "300"),
        ("max(dstAddr)", "b"),
        ("pct(bytes, 50)", "100"),
        ("stddev(bytes)", "132.2876"),
        ("earliest(bytes)", "100"),
        ("latest(bytes)", "50"),
        ("sortsFirst(dstAddr)", "a"),
        ("sortsLast(dstAddr)", "b"),
        ("latest(@timestamp)", "1795392360001"),
        ("fromMillis(latest(@timestamp))", "2026-11-23 00:06:00.001"),
        ("sum(bytes) / count(bytes)", "150"),
        ("count_over_time(*)", "4"),
        ("sumOverTime(bytes)", "450"),
    ],
)
def test_aggregations(function, value):
    assert one(f"stats {function} as x") == {"x": value}


def test_the_column_is_called_what_was_written_and_found_by_it():
    rows = ask("stats count(*) by dstAddr | sort count(*) desc, dstAddr asc | limit 1", FLOWS)
    assert rows == [{"dstAddr": "a", "count(*)": "2"}]


def test_nothing_matched_gives_no_row():
    assert ask("filter nothing = 1 | stats count(*)", FLOWS) == []


def test_bins_are_capped_as_documented():
    """bin(300s) is bin(60s): https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html"""
    assert column(ask("stats count(*) by bin(300s) as t", [(MINUTE * 4, "a")]), "t") == ["2026-11-23 00:04:00.000"]


def test_the_rate_of_a_field_per_minute():
    assert one("stats rate(n, 1m) by bin(5m)", [(0, {"n": 0}), (30_000, {"n": 10})])["rate(n, 1m)"] == "20"


def test_an_offset_moves_the_bins():
    assert column(ask("stats count(*) by bin(5m) as t offset 1h", ["a"]), "t") == ["2026-11-23 01:00:00.000"]


def test_a_histogram_groups_by_width():
    rows = ask("stats count(*) as n by histogram(v, 50) as low | sort low asc", [{"v": v} for v in (1, 49, 50, 101)])
    assert rows == [{"low": "0", "n": "2"}, {"low": "50", "n": "1"}, {"low": "100", "n": "1"}]
