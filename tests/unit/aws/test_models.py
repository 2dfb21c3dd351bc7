"""The models: what the catalog says of botocore's data, the cache, and checks of values."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support import botocore_client

from trunkline.aws import models
from trunkline.aws.errors import AwsError
from trunkline.aws.models import stripped, timestamps
from trunkline.aws.models.patterns import translate


@pytest.mark.parametrize("name", models.CATALOG)
def test_catalog_agrees_with_botocore(name: str) -> None:
    metadata = botocore_client.service(name).metadata
    entry = models.CATALOG[name]
    assert entry.signing_name == metadata.get("signingName", metadata["endpointPrefix"])
    assert entry.target_prefix == metadata.get("targetPrefix", "")
    assert entry.api_version == metadata["apiVersion"]
    # SQS spoke query before it spoke JSON; older clients still do.
    more = ["query"] if name == "sqs" else []
    assert list(entry.protocols) == metadata["protocols"] + more


def test_stripped_models_keep_everything_but_prose() -> None:
    service = stripped.read("codebuild")["service"]
    original = botocore_client.service("codebuild")
    assert set(service["operations"]) == set(original.operation_names)
    assert set(service["shapes"]) == set(original.shape_names)
    for name in original.shape_names:
        shape = original.shape_for(name)
        if shape.type_name == "structure":
            assert list(service["shapes"][name]["members"]) == list(shape.members)
    assert "documentation" not in service["shapes"]["CreateProjectInput"]


def test_cache_may_be_made_by_several_processes_at_once(tmp_path: Path) -> None:
    code = "from trunkline.aws import models; print(len(models.load('sts').operations))"
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    started = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE) for _ in range(3)
    ]
    assert {process.communicate()[0] for process in started} == {b"11\n"}
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] == [".msgpack"]


def test_models_load_where_no_cache_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert "GetCallerIdentity" in stripped.read("sts")["service"]["operations"]


def test_all_patterns_of_all_models_can_be_checked() -> None:
    patterns = {
        shape["pattern"]
        for name in models.CATALOG
        for shape in stripped.read(name)["service"]["shapes"].values()
        if "pattern" in shape
    }
    assert [pattern for pattern in patterns if translate(pattern) is None] == []


def test_no_pattern_can_be_made_to_backtrack_for_ever() -> None:
    shapes = [s for name in models.CATALOG for s in stripped.read(name)["service"]["shapes"].values() if "pattern" in s]
    for pattern in {shape["pattern"] for shape in shapes}:
        search = re.compile(translate(pattern) or "").search
        for seed in ("a", "0", "-", "/", " ", "a.", "a-", "/a", "a,", "=a", ";0"):
            search((seed * 60)[:60] + "\x00")  # an exponential one does not end before the test's time-out


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        (
            r"^[a-z0-9*](?:[._\-/a-z0-9*]?[a-z0-9*]+)*$",
            ["a", "*", "a.b", "a-b/c*", "a1"],
            ["", ".a", "a.", "a..b", "A"],
        ),
        (r"^[ \t]*[\x20-\x7E]+([ \t]+[\x20-\x7E]+)*[ \t]*$", ["a", " ", "\ta\t b ", "a\tb"], ["", "\t", "a\n"]),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", ["", "é x", "日本=1"], ["a;b", "\n"]),
        (r"(?i)all|[0-9]{12}", ["ALL", "123456789012"], ["alll", "1"]),
        (r"\w+", ["a_1"], ["é", "a b", "a\n"]),
        (r"[\w-_]*", ["a-b_"], ["a b"]),
    ],
)
def test_patterns_match_whole_values_as_java_does(pattern: str, yes: list[str], no: list[str]) -> None:
    search = re.compile(translate(pattern) or "").search
    assert [text for text in yes if not search(text)] == []
    assert [text for text in no if search(text)] == []


@pytest.mark.parametrize(
    ("operation", "mutates"),
    [
        (("codecommit", "CreateRepository"), True),
        (("codecommit", "GetRepository"), False),
        (("codebuild", "BatchGetBuilds"), False),
        (("kms", "GenerateDataKey"), False),
        (("s3", "HeadObject"), False),
        (("s3", "PutObject"), True),
        (("ssm", "GetParameter"), False),
    ],
)
def test_mutating_operations_are_told_by_name(operation: tuple[str, str], mutates: bool) -> None:
    assert models.load(operation[0]).operations[operation[1]].mutates is mutates


def test_sensitive_members_are_known() -> None:
    assert "SecretString" in models.load("secretsmanager").operations["CreateSecret"].sensitive
    assert "Value" in models.load("ssm").operations["PutParameter"].sensitive


def test_pagination_is_read_from_the_model() -> None:
    pagination = models.load("logs").operations["DescribeLogGroups"].pagination
    assert pagination is not None
    assert (pagination.input_tokens, pagination.limit, pagination.results) == (("nextToken",), "limit", ("logGroups",))


def test_calls_inside_the_process_are_validated_and_get_their_tokens() -> None:
    operation = models.load("codecommit").operations["CreatePullRequest"]
    target = {"repositoryName": "r", "sourceReference": "main"}
    doc = operation.validate({"title": "t", "targets": [target], "unknown": 1, "description": None})
    assert doc.pop("clientRequestToken")
    assert doc == {"title": "t", "targets": [target]}
    with pytest.raises(AwsError) as raised:
        operation.validate({"targets": [target]})
    assert raised.value.code == "TitleRequiredException"


def test_calls_inside_the_process_take_datetimes_bytes_and_streams() -> None:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    put = models.load("cloudwatch").operations["PutMetricData"]
    metric = {"MetricName": "m", "Timestamp": moment, "Value": 1}
    doc = put.validate({"Namespace": "n", "MetricData": [metric]})
    assert doc["MetricData"][0] == {"MetricName": "m", "Timestamp": moment, "Value": 1.0}
    stream = object()
    assert (
        models.load("s3").operations["PutObject"].validate({"Bucket": "b", "Key": "k", "Body": stream})["Body"]
        is stream
    )
    assert (
        models.load("lambda").operations["Invoke"].validate({"FunctionName": "f", "Payload": b"\xff"})["Payload"]
        == b"\xff"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1709209845, datetime(2024, 2, 29, 12, 30, 45, tzinfo=UTC)),
        (1709209845.123, datetime(2024, 2, 29, 12, 30, 45, 123000, tzinfo=UTC)),
        ("2024-02-29T12:30:45Z", datetime(2024, 2, 29, 12, 30, 45, tzinfo=UTC)),
        ("2024-02-29T12:30:45.123+00:00", datetime(2024, 2, 29, 12, 30, 45, 123000, tzinfo=UTC)),
        ("2024-02-29T12:30:45", datetime(2024, 2, 29, 12, 30, 45, tzinfo=UTC)),
        ("Thu, 29 Feb 2024 12:30:45 GMT", datetime(2024, 2, 29, 12, 30, 45, tzinfo=UTC)),
        ("1709209845", datetime(2024, 2, 29, 12, 30, 45, tzinfo=UTC)),
        (-1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_timestamps_are_read_in_all_their_forms(value: object, expected: datetime) -> None:
    assert timestamps.parse(value) == expected


@pytest.mark.parametrize("value", ["", "soon", "2024-13-01T00:00:00Z", "9" * 40, 1e300, float("nan"), True, None, []])
def test_what_is_no_timestamp_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        timestamps.parse(value)


def test_timestamps_are_written_to_the_millisecond() -> None:
    moment = datetime(2024, 2, 29, 12, 30, 45, 120999, tzinfo=UTC)
    assert timestamps.iso8601(moment) == "2024-02-29T12:30:45.120Z"
    assert timestamps.epoch(moment) == 1709209845.121
    assert timestamps.epoch(moment.replace(microsecond=0)) == 1709209845
    assert timestamps.rfc822(moment) == "Thu, 29 Feb 2024 12:30:45 GMT"
