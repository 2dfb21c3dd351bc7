"""A log group and a stream in it that no other test uses."""

import pytest


@pytest.fixture
def logs(aws):
    return aws("logs")


@pytest.fixture
def group(logs, name):
    logs.create_log_group(logGroupName=name)
    return name


@pytest.fixture
def stream(logs, group):
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    return {"logGroupName": group, "logStreamName": "s"}
