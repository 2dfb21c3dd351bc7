"""Data protection policy documents: what they must look like, and what they ask for.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch-logs-data-protection-policies.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import orjson

from trunkline.aws.errors import AwsError, Refused
from trunkline.aws.service import Doc
from trunkline.services.logs.pattern.linear import Regex, TooLarge
from trunkline.services.logs.protection.identifiers import MANAGED, NOT_SUPPORTED

_MAX_TEXT = 30_720
_MAX_CUSTOM = 10
_MANAGED_ARN = "arn:aws:dataprotection::aws:data-identifier/"
_CUSTOM_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_CUSTOM_REGEX = re.compile(r"[A-Za-z0-9_#=@/;, ^$?\[\]{}|\\*+.-]{1,200}")


@dataclass(frozen=True)
class Policy:
    name: str
    identifiers: tuple[str, ...]
    custom: dict[str, str]
    """The regular expressions of the custom identifiers among them, by name."""
    log_group: str | None
    bucket: str | None


def parse(text: str) -> Policy:
    """The policy that a document states; an AwsError says what is wrong with it."""
    if len(text) > _MAX_TEXT:
        raise _invalid(f"The policy document must be no longer than {_MAX_TEXT} characters.")
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _invalid("The policy document is not valid JSON.") from None
    if not isinstance(document, dict):
        raise _invalid("The policy document must be a JSON object.")
    if document.get("Version", "2021-06-01") != "2021-06-01":
        raise _invalid("The policy's Version must be 2021-06-01.")
    audit, masked = _statements(document)
    custom = _custom(document.get("Configuration"))
    identifiers = _identifiers(audit.get("DataIdentifier"), custom)
    if identifiers != _identifiers(masked.get("DataIdentifier"), custom):
        raise _invalid("The DataIdentifier arrays of the Audit and the Deidentify statement must match exactly.")
    if masked["Operation"]["Deidentify"] != {"MaskConfig": {}}:
        raise _invalid("The Deidentify operation must contain an empty MaskConfig.")
    audited = audit["Operation"]["Audit"]
    destination = audited.get("FindingsDestination") if isinstance(audited, dict) else None
    if not isinstance(destination, dict):
        raise _invalid("The Audit operation must contain a FindingsDestination.")
    if "Firehose" in destination:
        raise Refused("Trunkline has no Firehose: send audit findings to a log group or to a bucket.")
    return Policy(
        str(document.get("Name", "")),
        identifiers,
        {name: regex for name, regex in custom.items() if name in identifiers},
        _member(destination, "CloudWatchLogs", "LogGroup"),
        _member(destination, "S3", "Bucket"),
    )


def _statements(document: Doc) -> tuple[Doc, Doc]:
    statements = document.get("Statement")
    if not isinstance(statements, list) or not all(
        isinstance(one, dict) and isinstance(one.get("Operation"), dict) for one in statements
    ):
        raise _invalid("The policy must have Statements, each with an Operation.")
    audits = [one for one in statements if "Audit" in one["Operation"]]
    masks = [one for one in statements if "Deidentify" in one["Operation"]]
    if len(audits) != 1 or len(masks) != 1 or len(statements) != 2:
        raise _invalid("The policy must have one statement with an Audit and one with a Deidentify operation.")
    return audits[0], masks[0]


def _custom(configuration: object) -> dict[str, str]:
    listed = configuration.get("CustomDataIdentifier", []) if isinstance(configuration, dict) else []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise _invalid("CustomDataIdentifier must be an array of names and regular expressions.")
    if len(listed) > _MAX_CUSTOM:
        raise _invalid(f"A policy can have no more than {_MAX_CUSTOM} custom data identifiers.")
    found: dict[str, str] = {}
    for one in listed:
        name, regex = str(one.get("Name", "")), str(one.get("Regex", ""))
        if not _CUSTOM_NAME.fullmatch(name) or name in MANAGED or name in NOT_SUPPORTED or name in found:
            raise _invalid(f"The name {name} of a custom data identifier is not valid.")
        try:
            Regex(regex)
        except (re.error, TooLarge):
            regex = ""
        if not _CUSTOM_REGEX.fullmatch(regex):
            raise _invalid(f"The regular expression of the custom data identifier {name} is not valid.")
        found[name] = regex
    return found


def _identifiers(listed: object, custom: dict[str, str]) -> tuple[str, ...]:
    if not isinstance(listed, list) or not listed or not all(isinstance(one, str) for one in listed):
        raise _invalid("A statement must have a DataIdentifier array.")
    names = [one.removeprefix(_MANAGED_ARN) for one in listed]
    for name in names:
        if name in NOT_SUPPORTED:
            raise Refused(f"Trunkline does not find the managed data identifier {name}: it takes more than a pattern.")
        if name not in MANAGED and name not in custom:
            raise _invalid(f"The data identifier {name} is not valid.")
    return tuple(sorted(set(names)))


def _member(destination: Doc, kind: str, name: str) -> str | None:
    if kind not in destination:
        return None
    found = destination[kind].get(name) if isinstance(destination[kind], dict) else None
    if not isinstance(found, str) or not found:
        raise _invalid(f"The findings destination {kind} must name a {name}.")
    return found


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
