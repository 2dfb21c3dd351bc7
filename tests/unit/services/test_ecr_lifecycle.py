"""Lifecycle policies against lists of images."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from trunkline.engines.registry.interface import Manifest
from trunkline.services.ecr.lifecycle import BadPolicy, evaluate, parse

NOW = datetime(2026, 1, 31, tzinfo=UTC)


def image(name, days_old, *tags, pulled_days_ago=None):
    pulled = None if pulled_days_ago is None else NOW - timedelta(days=pulled_days_ago)
    return Manifest(name, "t", b"", None, None, None, 1, NOW - timedelta(days=days_old), pulled, tags)


def rule(priority, status="any", count=1, kind="imageCountMoreThan", **more):
    unit = {"countUnit": "days"} if kind.startswith("since") else {}
    selection = {"tagStatus": status, "countType": kind, "countNumber": count, **unit, **more}
    return {"rulePriority": priority, "selection": selection, "action": {"type": "expire"}}


def expired(images, *rules):
    return evaluate(parse(json.dumps({"rules": rules})), images, NOW)


def test_the_newest_are_kept():
    images = [image("old", 3, "a"), image("new", 1, "b"), image("middle", 2)]
    assert expired(images, rule(1)) == {"old": 1, "middle": 1}


def test_age_is_counted_from_the_push():
    images = [image("old", 15), image("young", 13), image("tagged", 99, "v1")]
    assert expired(images, rule(1, "untagged", 14, "sinceImagePushed")) == {"old": 1}


def test_age_can_be_counted_from_the_last_pull():
    images = [image("used", 99, pulled_days_ago=1), image("unused", 99), image("new", 1)]
    assert expired(images, rule(1, "any", 30, "sinceImagePulled")) == {"unused": 1}


def test_every_prefix_must_fit_some_tag():
    images = [image("one", 2, "prod-1"), image("both", 3, "prod-2", "beta-1"), image("neither", 4, "x")]
    assert expired(images, rule(1, "tagged", 1, tagPrefixList=["prod", "beta"])) == {}
    assert expired(images, rule(1, "tagged", 1, tagPrefixList=["prod"])) == {"both": 1}


def test_patterns_have_wildcards():
    images = [image("a", 1, "prod-1"), image("b", 2, "x-prod-2"), image("c", 3, "prod")]
    assert expired(images, rule(1, "tagged", 1, tagPatternList=["*prod-*"])) == {"b": 1}


def test_an_image_that_an_earlier_rule_is_about_is_left_to_it():
    images = [image("prod", 90, "prod-1"), image("other", 90, "dev-1"), image("new", 1, "dev-2")]
    rules = (rule(1, "tagged", 5, tagPrefixList=["prod"]), rule(2, "any", 1))
    assert expired(images, *rules) == {"other": 2}


@pytest.mark.parametrize("text", ["[]", "{}", '{"rules": 3}', '{"rules": []}', '{"rules": [3]}', "null"])
def test_what_is_no_policy(text):
    with pytest.raises(BadPolicy):
        parse(text)
