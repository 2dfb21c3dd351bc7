"""fields, display, filter and what an expression may say.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Fields.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Display.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Filter.html
"""

import pytest
from tests.unit.services.logs_insights.asking import ask, column

EVENTS = [
    {
        "level": "ERROR",
        "range": 4000,
        "accountId": 123456789012,
        "logGroup": "example_group",
        "ok": True,
        "f1": "an Exception",
    },
    {"level": "INFO", "range": 2999, "accountId": 123456789012, "logGroup": "other", "ok": False, "f1": "fine"},
    "no JSON: an exception in lower case",
]


def levels(query, **more):
    return [
        row.get("level", "-") for row in ask(f"{query} | sort @timestamp asc | display level, @message", EVENTS, **more)
    ]


def test_without_fields_time_and_message_are_shown():
    row = ask("filter level = 'INFO'", EVENTS)[0]
    assert list(row) == ["@timestamp", "@message"]
    assert row["@timestamp"] == "2026-11-23 00:00:01.000"


def test_newest_events_come_first_unless_sorted():
    assert column(ask("fields @message", ["a", "b", "c"]), "@message") == ["c", "b", "a"]


def test_fields_add_up_and_display_decides():
    assert list(ask("fields level | fields range, range * 2 as twice", EVENTS)[1]) == ["level", "range", "twice"]
    assert list(ask("fields level | display range", EVENTS)[1]) == ["range"]
    assert list(ask("display level | display range", EVENTS)[1]) == ["range"]


def test_a_missing_field_is_left_out_of_the_row():
    assert ask("fields level, nothing", EVENTS)[0] == {}


# The examples of AWS's page.
@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("(range>3000)", ["ERROR"]),
        ("(range>3000 and accountId=123456789012)", ["ERROR"]),
        ("f1 like /Exception/", ["ERROR"]),
        ('f1 like "Exception"', ["ERROR"]),
        ("f1 =~ /Exception/", ["ERROR"]),
        ("f1 like /(?i)exception/", ["ERROR"]),
        ("@message like /(?i)Exception/", ["ERROR", "-"]),
        ('f1 not like "Exception"', ["INFO", "-"]),
        ("f1 not like /Exception/", ["INFO", "-"]),
        ('logGroup in ["example_group"]', ["ERROR"]),
        ('logGroup not in ["example_group"]', ["INFO", "-"]),
        ("not level = 'ERROR'", ["INFO", "-"]),
        ("level != 'ERROR'", ["INFO", "-"]),
        ("ispresent(level)", ["ERROR", "INFO"]),
        ("not ispresent(level)", ["-"]),
        ("range in [2999, 1]", ["INFO"]),
        ("range = '4000'", ["ERROR"]),
        ("ok = 1", ["ERROR"]),
        ("ok = true", ["ERROR"]),
        ("ok = 0", ["INFO"]),
        ("isempty(level)", ["-"]),
        ("level = 'ERROR' or level = 'INFO' and range > 9000", ["ERROR"]),
        ("range + 1 >= 3000 and range % 2 = 1", ["INFO"]),
        ("nothing > 1", []),
    ],
)
def test_filter_keeps_what_meets_the_condition(condition, found):
    assert levels(f"filter {condition}") == found
    assert levels(f"where {condition}") == found


def test_fields_compare_as_numbers_where_both_are_and_as_text_otherwise():
    events = [{"a": "9", "b": "10", "n": 1}, {"a": "x9", "b": "x10", "n": 2}]
    assert column(ask("filter a < b | display n", events), "n") == ["1"]


def test_paths_lead_into_maps_lists_and_names_with_dots():
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html"""
    event = {"user": {"id": "u1", "tags": ["x", "y"]}, "a.b": 1, "my-key": 2, "@level": "L", "map": {"0": "zero"}}
    row = ask("fields user.id, user.tags.1, user.tags[0] as first, a.b, `my-key`, @@level, map.0", [event])[0]
    assert row == {
        "user.id": "u1", "user.tags.1": "y", "first": "x", "a.b": "1", "my-key": "2", "@@level": "L", "map.0": "zero",
    }  # fmt: skip


def test_a_text_written_with_escapes_is_found():
    assert len(ask("filter level = 'ERROR'", ['{"level": "\\u0045RROR"}', '{"other": "ERROR"}', "ERROR"])) == 1


def test_comments_and_words_in_any_case():
    query = "FIELDS level # the level\n| FILTER level = 'INFO' # only\n| LIMIT 5"
    assert ask(query, EVENTS) == [{"level": "INFO"}]


def test_events_that_are_no_json_break_nothing():
    events = ['{"a": 1', "{}", "[1]", "", "\x00", '{"a": 2}', '{"a": "\\ud800"}']
    assert "2" in column(ask("fields a", events), "a")


def test_limit_keeps_the_first_rows_and_counts_all_that_matched():
    asked = ask("filter @message like 'e' | limit 2", ["e1", "e2", "x", "e3"])
    assert (column(asked, "@message"), asked.matched) == (["e3", "e2"], 3)


def test_the_requests_limit_and_the_querys_the_smaller_wins():
    assert len(ask("limit 3", ["a"] * 5, limit=2)) == 2
    assert len(ask("limit 2", ["a"] * 5, limit=4)) == 2
