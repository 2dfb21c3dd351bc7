"""Cross-origin requests: which rule of a bucket's configuration lets a page of one origin read another's answers.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
"""

from collections.abc import Mapping, Sequence
from fnmatch import translate
from re import fullmatch
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.http import Request, Response
from trunkline.aws.protocols.s3_paths import labels_of
from trunkline.services.s3 import errors
from trunkline.services.s3.gate import Gate

Rule = Mapping[str, Any]
_METHODS = ("GET", "PUT", "HEAD", "POST", "DELETE")
_MAX_RULES = 100
_VARY = ("vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")


def check(rules: Sequence[Rule]) -> None:
    """Refuse what S3 refuses of a configuration."""
    if not rules or len(rules) > _MAX_RULES:
        raise errors.malformed_xml()
    for rule in rules:
        for method in rule["AllowedMethods"]:
            if method not in _METHODS:
                raise _invalid(f"Found unsupported HTTP method in CORS config. Unsupported method is {method}")
        for kind in ("Origin", "Header"):
            for value in rule.get(f"Allowed{kind}s", ()):
                if value.count("*") > 1:
                    raise _invalid(f'Allowed{kind} "{value}" can not have more than one wildcard.')
        for value in rule.get("ExposeHeaders", ()):
            if "*" in value:
                raise _invalid(
                    f'ExposeHeader "{value}" contains wildcard. We currently do not support wildcard for ExposeHeader.'
                )


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidRequest", message, status=400)


class Cors:
    """Answers browsers that ask beforehand, and marks the answers that a page of another origin may read."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def preflight(self, request: Request) -> Response:
        """The answer to OPTIONS: the headers of the first rule that allows what is to be asked."""
        headers = request.headers
        if "origin" not in headers:
            raise AwsError("BadRequest", "Insufficient information. Origin request header needed.", status=400)
        method = headers.get("access-control-request-method", "null")
        if method not in _METHODS:
            raise AwsError("BadRequest", f"Invalid Access-Control-Request-Method: {method}", status=400)
        rules = self._gate.known(labels_of(request)).settings.get("cors") if "Bucket" in labels_of(request) else None
        if rules is None:
            raise AwsError("AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.", status=403)
        asked = [name.strip() for name in headers.get("access-control-request-headers", "").lower().split(",")]
        found = _first(rules, headers["origin"], method, [name for name in asked if name])
        if found is None:
            raise AwsError(
                "AccessForbidden",
                "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, "
                "request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted "
                "by the resource's CORS spec.",
                status=403,
            )
        if any(asked):
            found.append(("access-control-allow-headers", ", ".join(name for name in asked if name)))
        return Response(200, found)

    def headers(self, request: Request) -> list[tuple[str, str]]:
        """What an answer to a request with an Origin carries in addition."""
        labels = labels_of(request)
        if "Bucket" not in labels:
            return []
        try:
            rules = self._gate.known(labels).settings.get("cors")
        except AwsError:  # no such bucket, as the answer itself says
            return []
        return _first(rules or (), request.headers["origin"], request.method, ()) or []


def _first(rules: Sequence[Rule], origin: str, method: str, names: Sequence[str]) -> list[tuple[str, str]] | None:
    for rule in rules:
        allowed = next((wanted for wanted in rule["AllowedOrigins"] if _like(origin, wanted)), None)
        patterns = [pattern.lower() for pattern in rule.get("AllowedHeaders", ())]
        if allowed is None or method not in rule["AllowedMethods"]:
            continue
        if all(any(_like(name, pattern) for pattern in patterns) for name in names):
            return _shown(rule, origin, is_for_all=allowed == "*")
    return None


def _like(value: str, pattern: str) -> bool:
    """Whether a value is the pattern, in which one asterisk stands for anything."""
    return value == pattern or ("*" in pattern and fullmatch(translate(_literal(pattern)), value) is not None)


def _literal(pattern: str) -> str:
    """Only the asterisk means something to S3."""
    return "".join(f"[{char}]" if char in "?[" else char for char in pattern)


def _shown(rule: Rule, origin: str, *, is_for_all: bool) -> list[tuple[str, str]]:
    found = [
        ("access-control-allow-origin", "*" if is_for_all else origin),
        ("access-control-allow-methods", ", ".join(rule["AllowedMethods"])),
    ]
    if rule.get("ExposeHeaders"):
        found.append(("access-control-expose-headers", ", ".join(rule["ExposeHeaders"])))
    if rule.get("MaxAgeSeconds") is not None:
        found.append(("access-control-max-age", str(rule["MaxAgeSeconds"])))
    if not is_for_all:
        found.append(("access-control-allow-credentials", "true"))
    return [*found, _VARY]
