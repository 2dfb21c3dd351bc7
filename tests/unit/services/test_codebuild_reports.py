"""JUnit reports as test runners write them, and files that only look like it."""

import pytest

from trunkline.services.codebuild import reports
from trunkline.services.codebuild.reports import ReportError, junit

PYTEST = b"""<?xml version="1.0"?><testsuites><testsuite name="pytest" tests="4">
<testcase classname="a.Test" name="good" time="0.25"/>
<testcase classname="a.Test" name="bad" time="1"><failure message="assert 1 == 2">at line 3</failure></testcase>
<testcase classname="a.Test" name="broken"><error message="no module"/></testcase>
<testcase name="later" time="soon"><skipped/></testcase>
</testsuite></testsuites>"""


def test_cases_their_outcomes_and_times():
    tests = reports.Tests(junit("unit.xml", PYTEST))
    assert [case["status"] for case in tests.cases] == ["SUCCEEDED", "FAILED", "ERROR", "SKIPPED"]
    assert tests.cases[1]["message"] == "assert 1 == 2\nat line 3"
    assert tests.duration_ns == 1_250_000_000
    assert tests.counts == {"SUCCEEDED": 1, "FAILED": 1, "ERROR": 1, "SKIPPED": 1, "UNKNOWN": 0}
    assert tests.status == "FAILED"


def test_nested_suites_count_each_case_once():
    xml = (
        b"<testsuites><testsuite name='o'><testsuite name='i'><testcase name='x'/></testsuite></testsuite></testsuites>"
    )
    assert [(case["testSuiteName"], case["name"]) for case in junit("n.xml", xml)] == [("i", "x")]


def test_a_suite_without_cases_is_a_report_of_nothing():
    tests = reports.Tests(junit("e.xml", b"<testsuite/>"))
    assert (tests.cases, tests.status) == ([], "SUCCEEDED")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not XML"),
        (b"no", "is not XML"),
        (b"<testsuite>", "is not XML"),
        (b"\xff\xfe\x00", "is not XML"),
        (b"<?xml version='1.0' encoding='nobody'?><testsuite/>", "is not XML"),
        (b"<a>" * 100_000, "is not XML"),
        (b"<a>" * 100_000 + b"</a>" * 100_000, "its root element is a"),
        (b"<html/>", "its root element is html"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>', "document type"),
        (
            b"<?xml version='1.0'?>" + b" " * 3000 + b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><testsuite/>",
            "document type",
        ),
        ("<?xml version='1.0' encoding='utf-16'?><!DOCTYPE x><testsuite/>".encode("utf-16"), "document type"),
    ],
)
def test_what_is_no_report_is_said_in_one_sentence(content, says):
    with pytest.raises(ReportError) as caught:
        junit("unit.xml", content)
    assert says in str(caught.value)
    assert "unit.xml" in str(caught.value)
    assert "\n" not in str(caught.value)
