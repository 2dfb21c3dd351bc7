"""Lifecycle rules: objects, old versions, lone markers and abandoned uploads that expire by themselves.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html

Ages are counted in days and rounded up to midnight UTC, as on AWS. A transition changes the class that an object says
it has; one to an archive also makes it unreadable until it is restored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.core import ids
from trunkline.services.s3 import errors
from trunkline.services.s3.model import STORAGE_CLASSES, Bucket, ObjectVersion, Upload

_DAY_S = 86_400
Rule = Mapping[str, Any]


def checked(rules: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules as they are stored, or S3's error for those that cannot be."""
    if not rules or len(rules) > 1000:
        raise errors.malformed_xml()
    kept, seen = [], set()
    for rule in rules:
        actions = [name for name in _ACTIONS if rule.get(name)]
        if not actions:
            raise AwsError("InvalidRequest", "At least one action needs to be specified in a rule", status=400)
        if ("Prefix" in rule) == ("Filter" in rule):
            raise errors.malformed_xml()
        expiration = rule.get("Expiration", {})
        if rule.get("Expiration") and len([name for name in expiration if expiration[name] is not None]) != 1:
            raise errors.malformed_xml()
        for days in (
            expiration.get("Days"),
            rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays"),
            rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation"),
        ):
            if days is not None and days <= 0:
                raise errors.invalid_argument("'Days' for Expiration action must be a positive integer")
        stored = {**rule, "ID": rule.get("ID") or ids.alnum(32)}
        if stored["ID"] in seen:
            raise errors.invalid_argument("RuleId must be unique. Found same ID for more than one rule")
        seen.add(stored["ID"])
        if "Date" in expiration:
            stored["Expiration"] = _dated(expiration)
        if rule.get("Transitions"):
            stored["Transitions"] = [_transition(one) for one in rule["Transitions"]]
        kept.append(stored)
    return kept


def _transition(given: Rule) -> dict[str, Any]:
    if ("Days" in given) == ("Date" in given):
        raise errors.malformed_xml()
    if given.get("Days", 30) < 30 and given["StorageClass"] in ("STANDARD_IA", "ONEZONE_IA"):
        raise errors.invalid_argument(
            "'Days' in Transition action must be greater than or equal to 30 for storageClass "
            f"'{given['StorageClass']}'"
        )
    return _dated(given)


def _dated(given: Rule) -> dict[str, Any]:
    date = given.get("Date")
    if not isinstance(date, datetime):
        return dict(given)
    if date.timestamp() % _DAY_S:
        raise errors.invalid_argument("'Date' must be at midnight GMT")
    return {**given, "Date": date.isoformat()}


def _undated(stored: Rule) -> dict[str, Any]:
    return {**stored, "Date": datetime.fromisoformat(stored["Date"])} if "Date" in stored else dict(stored)


_ACTIONS = (
    "Expiration",
    "NoncurrentVersionExpiration",
    "AbortIncompleteMultipartUpload",
    "Transitions",
    "NoncurrentVersionTransitions",
)


def shown(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """Stored rules as an answer's."""
    answers = []
    for rule in rules:
        answer = dict(rule)
        if "Expiration" in rule:
            answer["Expiration"] = _undated(rule["Expiration"])
        if "Transitions" in rule:
            answer["Transitions"] = [_undated(one) for one in rule["Transitions"]]
        answers.append(answer)
    return answers


@dataclass(frozen=True, slots=True)
class Due:
    """Asks a bucket's rules what is over at one moment."""

    bucket: Bucket
    now: float

    def rules(self) -> list[Rule]:
        """The rules that are switched on."""
        return [rule for rule in self.bucket.settings.get("lifecycle", ()) if rule["Status"] == "Enabled"]

    def current(self, item: ObjectVersion) -> bool:
        """Whether the current version has expired."""
        for rule in self.rules():
            expiration = rule.get("Expiration", {})
            if item.marker or not _covers(rule, item):
                continue
            if (expiration.get("Days") is not None or "Date" in expiration) and self._is_due(expiration, item.modified):
                return True
        return False

    def lone_marker(self, item: ObjectVersion) -> bool:
        """Whether a delete marker that hides nothing any more is to go."""
        return item.marker and any(
            rule.get("Expiration", {}).get("ExpiredObjectDeleteMarker") and _covers(rule, item) for rule in self.rules()
        )

    def noncurrent(self, item: ObjectVersion, since: float, newer: int) -> bool:
        """Whether an older version, replaced at `since` and with `newer` older ones above it, has expired."""
        for rule in self.rules():
            expiration = rule.get("NoncurrentVersionExpiration", {})
            days = expiration.get("NoncurrentDays")
            if days is None or not _covers(rule, item):
                continue
            if newer >= expiration.get("NewerNoncurrentVersions", 0) and self._past(since, days):
                return True
        return False

    def new_class(self, item: ObjectVersion) -> str | None:
        """The storage class that the current version is to have now, if its rules move it on."""
        moves = [
            (one.get("Days", 0), str(one["StorageClass"]))
            for rule in self.rules()
            for one in rule.get("Transitions") or ()
            if _covers(rule, item) and self._is_due(one, item.modified)
        ]
        return self._colder(item, moves)

    def new_class_of_old(self, item: ObjectVersion, since: float, newer: int) -> str | None:
        """The same for an older version."""
        moves = [
            (one["NoncurrentDays"], str(one["StorageClass"]))
            for rule in self.rules()
            for one in rule.get("NoncurrentVersionTransitions") or ()
            if _covers(rule, item)
            and newer >= one.get("NewerNoncurrentVersions", 0)
            and self._past(since, one["NoncurrentDays"])
        ]
        return self._colder(item, moves)

    @staticmethod
    def _colder(item: ObjectVersion, moves: list[tuple[int, str]]) -> str | None:
        wanted = max(moves)[1] if moves else item.storage_class
        return wanted if STORAGE_CLASSES.index(wanted) > STORAGE_CLASSES.index(item.storage_class) else None

    def _is_due(self, action: Rule, since: float) -> bool:
        if "Date" in action:
            return self.now >= datetime.fromisoformat(action["Date"]).timestamp()
        return self._past(since, action["Days"])

    def upload(self, upload: Upload) -> bool:
        """Whether an upload was left lying too long."""
        for rule in self.rules():
            days = rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation")
            if days is not None and upload.key.startswith(_prefix(rule)) and self._past(upload.started, days):
                return True
        return False

    def _past(self, since: float, days: int) -> bool:
        over = since + days * _DAY_S
        midnight = -(-over // _DAY_S) * _DAY_S
        return self.now >= midnight


def _prefix(rule: Rule) -> str:
    scope = rule.get("Filter", {})
    return str(rule.get("Prefix") or scope.get("Prefix") or scope.get("And", {}).get("Prefix") or "")


def _covers(rule: Rule, item: ObjectVersion) -> bool:
    scope = rule.get("Filter", {})
    both = scope.get("And", {})
    wanted = [*both.get("Tags", []), *([scope["Tag"]] if "Tag" in scope else [])]
    above = scope.get("ObjectSizeGreaterThan", both.get("ObjectSizeGreaterThan"))
    below = scope.get("ObjectSizeLessThan", both.get("ObjectSizeLessThan"))
    return (
        item.key.startswith(_prefix(rule))
        and all(item.tags.get(tag["Key"]) == tag["Value"] for tag in wanted)
        and (above is None or item.size > above)
        and (below is None or item.size < below)
    )
