"""Scheduled queries: their life over the API, and a run in a server of this process, brought forward."""

import contextlib
import json
import time

import pytest
from tests.support.roles import service_role
from tests.support.server import ACCESS_KEY, ACCOUNT, REGION, SECRET_KEY, free_port

from trunkline.aws.service import Caller, Principal
from trunkline.core.settings import Settings, prepare
from trunkline.server.build import build
from trunkline.services.logs.queries.store import SCHEDULED

_EVERY_FIVE = "cron(0/5 * * * ? *)"


@pytest.fixture
def role(aws, name):
    return service_role(aws, name, "logs")


def _create(logs, name, role, **more):
    asked = {
        "name": name,
        "queryLanguage": "CWLI",
        "queryString": "stats count(*) as n",
        "logGroupIdentifiers": [f"/{name}"],
        "scheduleExpression": _EVERY_FIVE,
        "executionRoleArn": role,
    }
    return logs.create_scheduled_query(**{**asked, **more})["scheduledQueryArn"]


def test_a_scheduled_query_is_made_changed_listed_and_deleted(aws, name, role):
    logs = aws("logs")
    arn = _create(logs, name, role, description="d", timezone="Europe/Berlin", startTimeOffset=300)
    with pytest.raises(logs.exceptions.ConflictException):
        _create(logs, name, role)
    found = logs.get_scheduled_query(identifier=name)
    assert (found["scheduledQueryArn"], found["state"], found["timezone"]) == (arn, "ENABLED", "Europe/Berlin")
    changed = logs.update_scheduled_query(
        identifier=arn,
        queryLanguage="CWLI",
        queryString="fields @message",
        logGroupIdentifiers=["/x"],
        scheduleExpression="cron(0 6 * * ? *)",
        executionRoleArn=role,
        state="DISABLED",
    )
    assert (changed["queryString"], changed["state"], "description" in changed) == (
        "fields @message",
        "DISABLED",
        False,
    )
    listed = logs.list_scheduled_queries(state="DISABLED")["scheduledQueries"]
    assert [one["name"] for one in listed if one["name"] == name] == [name]
    assert logs.get_scheduled_query_history(identifier=name, startTime=0, endTime=2_000_000_000)["triggerHistory"] == []
    logs.delete_scheduled_query(identifier=name)
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.get_scheduled_query(identifier=name)


@pytest.mark.parametrize(
    "more",
    [
        {"scheduleExpression": "every day"},
        {"scheduleExpression": "cron(0 6 * * * *)"},
        {"queryLanguage": "SQL"},
        {"queryString": "fields |"},
        {"timezone": "Mars/Olympus"},
        {"startTimeOffset": 60, "endTimeOffset": 60},
    ],
)
def test_schedules_that_could_never_run_are_refused(aws, name, role, more):
    with pytest.raises(aws("logs").exceptions.ValidationException):
        _create(aws("logs"), name, role, **more)


@contextlib.asynccontextmanager
async def _platform(tmp_path):
    settings = Settings(
        data_dir=tmp_path / "data",
        port=free_port(),
        xray_port=free_port(),
        root_access_key_id=ACCESS_KEY,
        root_secret_access_key=SECRET_KEY,
        containers="fake",
        proxy="fake",
    )
    platform = build(prepare(settings), lambda: None)
    await platform.start()
    try:
        yield platform
    finally:
        await platform.stop()


async def _run_now(platform, name):
    """Bring the next run forward; the history once it has ended."""
    queries = next(service for service in platform.services if service.name == "logs").api._queries
    scheduled = SCHEDULED.get(queries.db, ACCOUNT, REGION, name)
    scheduled.due_s = time.time()
    await queries.db.write(lambda tx: SCHEDULED.put(tx, scheduled))
    await queries.scheduler._work.settle()


async def test_a_run_delivers_to_a_bucket_and_a_table_and_tells_of_itself(tmp_path):
    async with _platform(tmp_path) as platform:
        root = Caller(ACCOUNT, REGION, Principal("root", f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT))

        async def call(service, operation, **request):
            return await platform.kit.call(service, operation, request, as_=root)

        trust = {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
        allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        role = (await call("iam", "CreateRole", RoleName="r", AssumeRolePolicyDocument=_policy(trust)))["Role"]["Arn"]
        await call("iam", "PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument=_policy(allow))
        await call("s3", "CreateBucket", Bucket="results")
        await call("logs", "CreateLogGroup", logGroupName="/app")
        await call("logs", "CreateLogStream", logGroupName="/app", logStreamName="s")
        events = [{"timestamp": int(time.time() * 1000) - 1000, "message": f'{{"user": "{user}"}}'} for user in "aab"]
        await call("logs", "PutLogEvents", logGroupName="/app", logStreamName="s", logEvents=events)
        await call(
            "logs",
            "CreateScheduledQuery",
            name="hourly",
            queryLanguage="CWLI",
            queryString="stats count(*) as n by user | sort user asc",
            logGroupIdentifiers=["/app"],
            scheduleExpression=_EVERY_FIVE,
            executionRoleArn=role,
            destinationConfiguration={
                "s3Configuration": {"destinationIdentifier": "s3://results/logs", "roleArn": role},
                "lookupTableConfiguration": {"tableName": "users", "roleArn": role},
            },
        )
        await _run_now(platform, "hourly")
        history = await call("logs", "GetScheduledQueryHistory", identifier="hourly", startTime=0, endTime=1 << 42)
        run = history["triggerHistory"][0]
        assert (run["executionStatus"], [one["status"] for one in run["destinations"]]) == (
            "Complete",
            ["COMPLETE"] * 2,
        )
        key = run["destinations"][0]["processedIdentifier"].removeprefix("s3://results/")
        body = (await call("s3", "GetObject", Bucket="results", Key=key))["Body"]
        stored = json.loads(body if isinstance(body, bytes) else b"".join([part async for part in body]))
        assert stored["results"][0] == [{"field": "user", "value": "a"}, {"field": "n", "value": "2"}]
        table = await call("logs", "GetLookupTable", lookupTableArn=run["destinations"][1]["processedIdentifier"])
        assert table["tableBody"] == "user,n\na,2\nb,1\n"
        told = platform.kit.ledger.read(detail_types=("Scheduled Query Completed",))
        assert [event.detail["queryId"] for event in told] == [run["queryId"]]
        assert (await call("logs", "GetScheduledQuery", identifier="hourly"))["lastExecutionStatus"] == "Complete"


def _policy(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
