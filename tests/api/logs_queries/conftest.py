"""A log group with events of the last minutes, and queries that are waited for."""

import contextlib
import json
import time

import pytest


class Site:
    def __init__(self, logs, group):
        self.logs, self.group = logs, group
        self.now_ms = int(time.time() * 1000)

    def put(self, *messages, stream="web/1", group=None, before_ms=60_000):
        """Messages (or dicts), a second apart, the first so long ago."""
        group = group or self.group
        with contextlib.suppress(self.logs.exceptions.ResourceAlreadyExistsException):
            self.logs.create_log_stream(logGroupName=group, logStreamName=stream)
        events = [
            {"timestamp": self.now_ms - before_ms + 1000 * place, "message": m if isinstance(m, str) else json.dumps(m)}
            for place, m in enumerate(messages)
        ]
        self.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def start(self, query, **more):
        if not query.startswith("SOURCE") and not {"logGroupNames", "logGroupIdentifiers"} & more.keys():
            more["logGroupName"] = self.group
        asked = {"startTime": self.now_ms // 1000 - 3600, "endTime": self.now_ms // 1000 + 60, **more}
        return self.logs.start_query(queryString=query, **asked)["queryId"]

    def ended(self, query_id):
        deadline = time.monotonic() + 30
        while (answer := self.logs.get_query_results(queryId=query_id))["status"] in ("Scheduled", "Running"):
            assert time.monotonic() < deadline, "the query did not end"
        return answer

    def ask(self, query, **more):
        """The rows of a query that completes, as dicts."""
        answer = self.ended(self.start(query, **more))
        assert answer["status"] == "Complete", answer
        return rows(answer)


def rows(answer):
    return [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]


@pytest.fixture
def site(aws, name):
    logs = aws("logs")
    logs.create_log_group(logGroupName=f"/{name}")
    yield Site(logs, f"/{name}")
    logs.delete_log_group(logGroupName=f"/{name}")
