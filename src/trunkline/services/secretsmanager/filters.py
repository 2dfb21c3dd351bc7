"""Filters of ListSecrets and BatchGetSecretValue: prefixes, ignoring case but for tags; "!" negates."""

import re
from collections.abc import Iterable

from trunkline.aws.service import Doc
from trunkline.services.secretsmanager.model import Secret

_WORDS = re.compile(r"[\s/_+=.@!-]+")


def matches(secret: Secret, filters: Iterable[Doc]) -> bool:
    """Whether all filters hold; a filter's values are alternatives."""
    return all(_holds(secret, given["Key"], given["Values"]) for given in filters)


def _holds(secret: Secret, key: str, values: list[str]) -> bool:
    wanted = [value for value in values if not value.startswith("!")]
    unwanted = [value[1:] for value in values if value.startswith("!")]
    if any(_matches(secret, key, value) for value in unwanted):
        return False
    return not wanted or any(_matches(secret, key, value) for value in wanted)


def _matches(secret: Secret, key: str, value: str) -> bool:
    if key == "name":
        return secret.name.lower().startswith(value.lower())
    if key == "description":
        return _phrase(secret.description, value)
    if key == "tag-key":
        return any(name.startswith(value) for name in secret.tags)
    if key == "tag-value":
        return any(text.startswith(value) for text in secret.tags.values())
    if key == "primary-region":
        return secret.region.startswith(value)
    if key == "owning-service":
        return False
    texts = [secret.name, secret.description, *secret.tags, *secret.tags.values()]
    return any(_phrase(text, value) for text in texts)


def _phrase(text: str, value: str) -> bool:
    """Every word of the value begins a word of the text."""
    words = _WORDS.split(text.lower())
    return all(any(word.startswith(want) for word in words) for want in _WORDS.split(value.lower()) if want)
