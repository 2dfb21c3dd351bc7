"""Lifecycle rules in CloudFormation's form, which is flatter and older than S3's own."""

from datetime import datetime
from typing import Any

from trunkline.aws.service import Doc

_DATE = "%Y-%m-%dT%H:%M:%SZ"


def into(value: Doc) -> Doc:
    """The request of PutBucketLifecycleConfiguration."""
    return {"LifecycleConfiguration": {"Rules": [_rule(rule) for rule in value.get("Rules", ())]}}


def _rule(given: Doc) -> Doc:
    made: Doc = {"Status": given["Status"], **_scope(given)}
    if "Id" in given:
        made["ID"] = given["Id"]
    expiration = {
        "Days": given.get("ExpirationInDays"),
        "Date": _date(given.get("ExpirationDate")),
        "ExpiredObjectDeleteMarker": given.get("ExpiredObjectDeleteMarker") or None,
    }
    made["Expiration"] = _without_none(expiration)
    made["AbortIncompleteMultipartUpload"] = given.get("AbortIncompleteMultipartUpload")
    older = given.get("NoncurrentVersionExpiration")
    if "NoncurrentVersionExpirationInDays" in given:
        older = {"NoncurrentDays": given["NoncurrentVersionExpirationInDays"]}
    made["NoncurrentVersionExpiration"] = older
    made["Transitions"] = [
        _without_none(
            {
                "StorageClass": _class(one["StorageClass"]),
                "Days": one.get("TransitionInDays"),
                "Date": _date(one.get("TransitionDate")),
            }
        )
        for one in (*given.get("Transitions", ()), *([given["Transition"]] if "Transition" in given else ()))
    ]
    one_older = [given["NoncurrentVersionTransition"]] if "NoncurrentVersionTransition" in given else []
    made["NoncurrentVersionTransitions"] = [
        _without_none(
            {
                "StorageClass": _class(one["StorageClass"]),
                "NoncurrentDays": one["TransitionInDays"],
                "NewerNoncurrentVersions": one.get("NewerNoncurrentVersions"),
            }
        )
        for one in (*given.get("NoncurrentVersionTransitions", ()), *one_older)
    ]
    return {name: kept for name, kept in made.items() if kept or name == "Filter"}


def _scope(given: Doc) -> Doc:
    parts: Doc = {}
    if "Prefix" in given:
        parts["Prefix"] = given["Prefix"]
    for size in ("ObjectSizeGreaterThan", "ObjectSizeLessThan"):
        if size in given:
            parts[size] = int(given[size])
    tags = given.get("TagFilters") or []
    if len(parts) + len(tags) > 1:
        return {"Filter": {"And": {**parts, **({"Tags": tags} if tags else {})}}}
    return {"Filter": {"Tag": tags[0]} if tags else parts or {"Prefix": ""}}


def shown(answer: Doc) -> Doc:
    """The property for an answer of GetBucketLifecycleConfiguration."""
    return {"Rules": [_shown_rule(rule) for rule in answer["Rules"]]}


def _shown_rule(rule: Doc) -> Doc:
    scope = rule.get("Filter") or {}
    both = scope.get("And", {})
    expiration = rule.get("Expiration") or {}
    tags = both.get("Tags") or ([scope["Tag"]] if "Tag" in scope else None)
    found: Doc = {
        "Id": rule["ID"],
        "Status": rule["Status"],
        "Prefix": rule.get("Prefix") or scope.get("Prefix") or both.get("Prefix"),
        "TagFilters": tags,
        "ObjectSizeGreaterThan": _text(scope.get("ObjectSizeGreaterThan", both.get("ObjectSizeGreaterThan"))),
        "ObjectSizeLessThan": _text(scope.get("ObjectSizeLessThan", both.get("ObjectSizeLessThan"))),
        "ExpirationInDays": expiration.get("Days"),
        "ExpirationDate": _shown_date(expiration.get("Date")),
        "ExpiredObjectDeleteMarker": expiration.get("ExpiredObjectDeleteMarker"),
        "AbortIncompleteMultipartUpload": rule.get("AbortIncompleteMultipartUpload"),
        "NoncurrentVersionExpiration": rule.get("NoncurrentVersionExpiration"),
        "Transitions": [
            _without_none(
                {
                    "StorageClass": one["StorageClass"],
                    "TransitionInDays": one.get("Days"),
                    "TransitionDate": _shown_date(one.get("Date")),
                }
            )
            for one in rule.get("Transitions") or ()
        ],
        "NoncurrentVersionTransitions": [
            _without_none(
                {
                    "StorageClass": one["StorageClass"],
                    "TransitionInDays": one["NoncurrentDays"],
                    "NewerNoncurrentVersions": one.get("NewerNoncurrentVersions"),
                }
            )
            for one in rule.get("NoncurrentVersionTransitions") or ()
        ],
    }
    return {name: kept for name, kept in found.items() if kept not in (None, [], "")}


def _class(name: str) -> str:
    return "GLACIER" if name == "Glacier" else name


def _date(given: Any) -> datetime | None:
    return datetime.fromisoformat(str(given).replace("Z", "+00:00")) if given else None


def _shown_date(found: datetime | None) -> str | None:
    return found.strftime(_DATE) if found else None


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _without_none(doc: Doc) -> Doc:
    return {name: value for name, value in doc.items() if value is not None}
