"""A request and an answer as the AWS side of Trunkline sees them, free of any web framework."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Request:
    """One HTTP request. `path` and `query` are as sent (percent-encoded); header names are lower case.

    A body that an operation streams is in `stream`; every other body is read whole into `body`.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes = b""
    stream: AsyncIterator[bytes] | None = None
    client: str = ""


@dataclass(slots=True)
class Response:
    """One HTTP answer; a body is sent whole, or as it comes."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | AsyncIterator[bytes] = b""
