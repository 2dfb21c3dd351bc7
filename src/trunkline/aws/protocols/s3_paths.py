"""From a request to an S3 operation: bucket in the host or in the path, the operation told by the query string.

Everything needed stands in the request's head, so that a body can be streamed to the operation.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

from trunkline.aws.http import Request
from trunkline.aws.models import Operation, load
from trunkline.aws.protocols.locations import query_parameters

# bucket.s3.amazonaws.com, bucket.s3.us-east-1.…, bucket.s3-website…, and what SDKs make of http://localhost.
_VIRTUAL = re.compile(r"^(?P<bucket>[a-z0-9][a-z0-9.-]*?)\.(?:s3[.-][^/]*|localhost)$")


# Parameters without which PutObject would be meant: half of the pair must not overwrite an object.
_PART = frozenset({"partNumber", "uploadId"})


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An operation among those of one method and depth of path.

    subresources: names (and values) that its URI fixes. required: parameters and headers that it cannot do without.
    """

    operation: Operation
    subresources: frozenset[str]
    values: tuple[tuple[str, str], ...]
    required: frozenset[str]
    required_headers: frozenset[str]

    @property
    def weight(self) -> tuple[int, bool]:
        """The operation that asks for most is meant; of two alike, the one that is not deprecated."""
        asked = (self.subresources, self.values, self.required, self.required_headers)
        return sum(map(len, asked)), not self.operation.deprecated

    def named_by(self, parameters: Mapping[str, list[str]]) -> bool:
        return self.subresources <= parameters.keys() and all(
            parameters.get(name) == [value] for name, value in self.values
        )

    def complete(self, parameters: Mapping[str, list[str]], headers: Mapping[str, str]) -> bool:
        return self.required <= parameters.keys() and self.required_headers <= headers.keys()


def labels_of(request: Request) -> dict[str, str]:
    """Bucket and Key, from a virtual host or the path."""
    host = request.headers.get("host", "").rsplit(":", 1)[0].lower()
    virtual = _VIRTUAL.match(host)
    if virtual is not None:
        key = request.path[1:]
        return {"Bucket": virtual["bucket"], **({"Key": unquote(key)} if key else {})}
    bucket, _, key = request.path[1:].partition("/")
    labels = {"Bucket": unquote(bucket)} if bucket else {}
    if key:
        labels["Key"] = unquote(key)
    return labels


def find(request: Request) -> tuple[Operation, dict[str, str]] | None:
    """The operation that a request means, and its labels; None if S3 has none such."""
    if request.path == "/WriteGetObjectResponse" and request.method == "POST":
        return load("s3").operations["WriteGetObjectResponse"], {}
    labels = labels_of(request)
    if not request.query:
        plain = _plain().get((request.method, len(labels)), ())
        found = next((one for one in plain if one.complete({}, request.headers)), plain[-1] if plain else None)
        return None if found is None else (found.operation, labels)
    parameters = query_parameters(request.query)
    candidates = _candidates().get((request.method, len(labels)), ())
    if named := parameters.get("x-id"):
        for candidate in candidates:
            if candidate.operation.name == named[0]:
                return candidate.operation, labels
    fitting = [candidate for candidate in candidates if candidate.named_by(parameters)]
    if marks := parameters.keys() & _subresources():
        # Never fall back from a subresource to the bucket or object itself: DELETE ?analytics must not delete a bucket.
        fitting = [candidate for candidate in fitting if candidate.subresources & marks]
    elif request.method == "PUT" and parameters.keys() & _PART:
        fitting = [candidate for candidate in fitting if candidate.required & _PART]
    for candidate in fitting:
        if candidate.complete(parameters, request.headers):
            return candidate.operation, labels
    return (fitting[-1].operation, labels) if fitting else None


@cache
def _candidates() -> dict[tuple[str, int], tuple[_Candidate, ...]]:
    """By method and number of labels, those that ask for most first."""
    found: dict[tuple[str, int], list[_Candidate]] = {}
    for operation in load("s3").operations.values():
        if operation.name in ("WriteGetObjectResponse", "ListDirectoryBuckets"):
            continue  # told by their own path or x-id
        path, _, query = operation.uri.partition("?")
        asked = [pair.partition("=") for pair in query.split("&") if pair]
        members = operation.input.members.values() if operation.input else ()
        headers = {m.wire_name.lower() for m in members if m.required and m.location == "header"}
        candidate = _Candidate(
            operation,
            frozenset(name for name, equals, _ in asked if not equals),
            tuple((name, value) for name, equals, value in asked if equals and name != "x-id"),
            frozenset(m.wire_name for m in members if m.required and m.location == "querystring"),
            frozenset(headers & {"x-amz-copy-source"}),
        )
        found.setdefault((operation.method, path.count("{")), []).append(candidate)
    return {
        key: tuple(sorted(group, key=lambda candidate: candidate.weight, reverse=True)) for key, group in found.items()
    }


@cache
def _plain() -> dict[tuple[str, int], tuple[_Candidate, ...]]:
    """Those that may be meant when there is no query string."""
    return {key: tuple(one for one in group if one.named_by({})) for key, group in _candidates().items()}


@cache
def _subresources() -> frozenset[str]:
    return frozenset().union(*(one.subresources for group in _candidates().values() for one in group))
