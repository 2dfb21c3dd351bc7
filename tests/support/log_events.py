"""Log events to put, and what came back of them."""

import time

import pytest
from botocore.exceptions import ClientError


def now_ms() -> int:
    return int(time.time() * 1000)


def events(*messages: str, start: int | None = None) -> list[dict]:
    """One event a message, a millisecond apart; by default from a minute ago on."""
    at = start or now_ms() - 60_000
    return [{"timestamp": at + i, "message": message} for i, message in enumerate(messages)]


def texts(answer: dict) -> list[str]:
    return [event["message"] for event in answer["events"]]


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


def message(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Message"]
