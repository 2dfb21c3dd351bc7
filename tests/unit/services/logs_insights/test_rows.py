"""sort, dedup and the commands that look at several rows.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Sort.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Dedup.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

import pytest
from tests.unit.services.logs_insights.asking import ask, column

from trunkline.services.logs.insights import MalformedQuery


def test_sorting_is_natural_with_text_before_numbers():
    events = [{"v": v} for v in ("10", "9", "a10", "a9", "b", "1.5", "A")]
    assert column(ask("fields v | sort v asc", events), "v") == ["A", "a9", "a10", "b", "1.5", "9", "10"]


def test_sort_takes_several_keys_and_expressions():
    events = [{"a": 1, "b": 2}, {"a": 1, "b": 1}, {"a": 0, "b": 3}]
    assert column(ask("fields b | sort a desc, b asc", events), "b") == ["1", "2", "3"]
    assert column(ask("fields b | sort a + b desc", events), "b")[0] == "3"


def test_sorting_by_a_constant_changes_nothing():
    assert column(ask("fields v | sort true desc, 1 asc", [{"v": 1}, {"v": 2}]), "v") == ["2", "1"]


def test_dedup_keeps_the_newest_of_each_value_and_all_without_one():
    events = [
        {"server": "a", "severity": 1},
        {"server": "b", "severity": 2},
        {"server": "a", "severity": 3},
        "none",
        "none",
    ]
    query = "fields @timestamp, server, severity, @message | sort @timestamp desc | dedup server"
    rows = ask(query, events)
    assert [row.get("severity") for row in rows] == [None, None, "3", "2"]
    assert rows == ask("fields @timestamp, server, severity, @message | dedup server", events)
    assert len(ask("dedup server, severity | limit 1", events)) == 1


def test_only_limit_follows_dedup():
    with pytest.raises(MalformedQuery, match="unexpected symbol found sort"):
        ask("dedup server | sort @timestamp asc", [])


_NUMBERS = [{"bytes": 1, "host": "a"}, {"bytes": 2}, {"bytes": 4}]


def test_accum_sums_up_row_by_row():
    rows = ask("fields bytes | sort @timestamp asc | accum bytes AS totalBytes", _NUMBERS)
    assert column(rows, "totalBytes") == ["1", "3", "7"]


def test_autoregress_shows_earlier_rows():
    rows = ask("fields bytes | sort @timestamp asc | autoregress bytes p=1-2", _NUMBERS)
    assert rows[2] == {"bytes": "4", "bytes_p1": "2", "bytes_p2": "1"}
    assert column(ask("sort @timestamp asc | autoregress bytes as was", _NUMBERS), "was") == [None, "1", "2"]


def test_filldown_carries_values_on():
    rows = ask("fields host, bytes | sort @timestamp asc | filldown ho*", _NUMBERS)
    assert column(rows, "host") == ["a", "a", "a"]


def test_fillmissing_makes_rows_for_empty_bins():
    query = "stats avg(bytes) as avg_bytes by bin(1m) as t | fillmissing with 0 for avg_bytes"
    rows = ask(query, [(0, {"bytes": 5}), (180_000, {"bytes": 7})])
    assert column(rows, "avg_bytes") == ["7", "0", "0", "5"]


def test_addtotals_sums_rows_and_columns():
    events = [{"price": 10, "tax": 2}, {"price": 20, "tax": 4}]
    rows = ask("fields price, tax | sort @timestamp asc | addtotals col=true price, tax", events)
    assert column(rows, "Total") == ["12", "24", "36"]
    assert rows[2] == {"price": "30", "tax": "6", "Total": "36"}
    assert column(ask("fields price | addtotals fieldname=RowSum", events[:1]), "RowSum") == ["10"]
    assert ask("parse @message csv as a, b | addtotals col=true | limit 3", ["1,2"])[-1] == {
        "a": "1",
        "b": "2",
        "Total": "3",
    }


def test_outlier_removes_or_clamps():
    events = [{"cpu": value} for value in (1, 2, 2, 3, 3, 3, 4, 100)]
    assert "100" not in column(ask("fields cpu | outlier action=remove param=3.0 uselower=true cpu", events), "cpu")
    assert max(float(value) for value in column(ask("fields cpu | outlier cpu", events), "cpu")) < 10
    marked = ask("fields cpu | outlier mark=true cpu", events)
    assert [row["cpu_outlier"] for row in marked].count("1") == 1


def test_sessions_end_with_a_pause():
    minute = 60_000
    events = [
        (0, {"userId": "a"}),
        (minute, {"userId": "a"}),
        (50 * minute, {"userId": "a"}),
        (minute, {"userId": "b"}),
    ]
    rows = ask("fields userId | sessionize userId maxspan 30m as my_session | sort @timestamp asc", events)
    assert sorted(column(rows, "my_session")) == ["a-1", "a-1", "a-2", "b-1"]


def test_count_frequent_counts_combinations():
    events = [{"method": "GET", "status": 200}] * 3 + [{"method": "PUT", "status": 500}]
    rows = ask("fields method, status | countFrequent method, status", events)
    assert rows[0] == {"method": "GET", "status": "200", "_approxcount": "3"}
