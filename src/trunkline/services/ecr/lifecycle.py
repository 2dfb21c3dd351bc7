"""Lifecycle policies: read, checked, and applied to a list of images. Pure.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from trunkline.engines.registry.interface import Manifest
from trunkline.services.ecr.model import matches


class BadPolicy(Exception):
    """The text is not a lifecycle policy."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    priority: int
    tag_status: str
    prefixes: tuple[str, ...]
    patterns: tuple[str, ...]
    count_type: str
    count: int

    def concerns(self, image: Manifest) -> bool:
        """Whether the rule is about an image, whatever its age."""
        if self.tag_status == "untagged":
            return not image.tags
        if self.tag_status == "any":
            return True
        return bool(image.tags) and all(
            [
                *(any(tag.startswith(prefix) for tag in image.tags) for prefix in self.prefixes),
                *(any(matches(pattern, tag) for tag in image.tags) for pattern in self.patterns),
            ]
        )

    def chosen(self, images: Sequence[Manifest], now: datetime) -> list[Manifest]:
        """Those of the images concerned that are too many or too old."""
        newest_first = sorted(images, key=lambda each: (each.pushed_at, each.digest), reverse=True)
        if self.count_type == "imageCountMoreThan":
            return newest_first[self.count :]
        limit = now - timedelta(days=self.count)
        if self.count_type == "sinceImagePulled":
            return [each for each in newest_first if (each.pulled_at or each.pushed_at) < limit]
        return [each for each in newest_first if each.pushed_at < limit]


def parse(text: str) -> list[Rule]:
    """The rules of a policy in the order of their priority."""
    try:
        document = orjson.loads(text)
        rules = sorted((_rule(each) for each in document["rules"]), key=lambda each: each.priority)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise BadPolicy(f"Lifecycle policy validation failure: {error}") from error
    if not rules:
        raise BadPolicy("Lifecycle policy validation failure: at least one rule is required")
    if len({each.priority for each in rules}) != len(rules):
        raise BadPolicy("Lifecycle policy validation failure: rulePriority must be unique")
    if any(each.tag_status == "any" for each in rules[:-1]):
        raise BadPolicy("Lifecycle policy validation failure: a rule with tagStatus any must have the lowest priority")
    return rules


def evaluate(rules: Sequence[Rule], images: Sequence[Manifest], now: datetime) -> dict[str, int]:
    """Digests to expire, with the priority of the rule that says so.

    An image that a rule is about is never expired by a later rule; later rules count it all the same.
    """
    expiring: dict[str, int] = {}
    spoken_for: set[str] = set()
    for rule in rules:
        concerned = [each for each in images if rule.concerns(each)]
        for image in rule.chosen(concerned, now):
            if image.digest not in spoken_for:
                expiring[image.digest] = rule.priority
        if rule.tag_status != "any":
            spoken_for.update(each.digest for each in concerned)
    return expiring


def _rule(each: Any) -> Rule:
    priority, selection = each["rulePriority"], each["selection"]
    if not isinstance(priority, int) or isinstance(priority, bool) or priority < 1:
        raise ValueError("rulePriority must be a positive integer")
    if each["action"] != {"type": "expire"}:
        raise ValueError('action must be {"type": "expire"}')
    status, kind, count = selection["tagStatus"], selection["countType"], selection["countNumber"]
    if status not in ("tagged", "untagged", "any"):
        raise ValueError(f"tagStatus {status} is not one of tagged, untagged, any")
    if kind not in ("imageCountMoreThan", "sinceImagePushed", "sinceImagePulled"):
        raise ValueError(f"countType {kind} is not one of imageCountMoreThan, sinceImagePushed, sinceImagePulled")
    if kind.startswith("since") != (selection.get("countUnit") == "days"):
        raise ValueError("countUnit must be days for ages, and absent for counts")
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise ValueError("countNumber must be a positive integer")
    prefixes, patterns = tuple(selection.get("tagPrefixList", ())), tuple(selection.get("tagPatternList", ()))
    if not all(isinstance(text, str) for text in (*prefixes, *patterns)):
        raise ValueError("tag prefixes and patterns must be text")
    if (status == "tagged") != bool(prefixes or patterns):
        raise ValueError("tagPrefixList or tagPatternList is needed for tagged images, and for these alone")
    return Rule(priority, status, prefixes, patterns, kind, count)
