"""From a request to an S3 operation: bucket in the host or in the path, the operation told by the query string.

Everything needed stands in the request's head, so that a body can be streamed to the operation.
"""

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

from trunkline.aws.http import Request
from trunkline.aws.models import Operation, load
from trunkline.aws.protocols.locations import query_parameters

# bucket.s3.amazonaws.com, bucket.s3.us-east-1.…, bucket.s3-website…, and what SDKs make of http://localhost.
_VIRTUAL = re.compile(r"^(?P<bucket>[a-z0-9][a-z0-9.-]*)\.(?:s3[.-][^/]*|localhost)$")


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What a request must carry to mean this operation, besides method and depth of the path."""

    operation: Operation
    parameters: frozenset[str]
    values: tuple[tuple[str, str], ...]
    headers: frozenset[str]

    @property
    def weight(self) -> tuple[int, int, int]:
        # The operation that asks for most is meant; of two alike, the one that is not deprecated.
        return (len(self.parameters) + len(self.values) + len(self.headers), not self.operation.deprecated, 0)


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
    """The operation that a request means, and its labels."""
    labels = labels_of(request)
    parameters = query_parameters(request.query) if request.query else {}
    if request.path == "/WriteGetObjectResponse" and request.method == "POST":
        return load("s3").operations["WriteGetObjectResponse"], {}
    candidates = _candidates().get((request.method, len(labels)), ())
    named = parameters.get("x-id", [""])[0]
    for candidate in candidates:
        if named and candidate.operation.name == named:
            return candidate.operation, labels
    for candidate in candidates:
        if not candidate.parameters <= parameters.keys():
            continue
        if any(parameters.get(name) != [value] for name, value in candidate.values):
            continue
        if not candidate.headers <= request.headers.keys():
            continue
        return candidate.operation, labels
    return None


@cache
def _candidates() -> dict[tuple[str, int], tuple[_Candidate, ...]]:
    """By method and number of labels, those that ask for most first."""
    found: dict[tuple[str, int], list[_Candidate]] = {}
    for operation in load("s3").operations.values():
        if operation.name in ("WriteGetObjectResponse", "ListDirectoryBuckets"):
            continue  # told by their own host or x-id
        path, _, query = operation.uri.partition("?")
        names, values = set(), []
        for pair in filter(None, query.split("&")):
            name, equals, value = pair.partition("=")
            if equals and name != "x-id":
                values.append((name, value))
            elif not equals:
                names.add(name)
        members = operation.input.members.values() if operation.input else ()
        names |= {m.wire_name for m in members if m.required and m.location == "querystring"}
        headers = frozenset(m.wire_name.lower() for m in members if m.required and m.location == "header")
        headers &= {"x-amz-copy-source"}
        candidate = _Candidate(operation, frozenset(names), tuple(values), headers)
        found.setdefault((operation.method, path.count("{")), []).append(candidate)
    return {
        key: tuple(sorted(group, key=lambda candidate: candidate.weight, reverse=True)) for key, group in found.items()
    }
