"""`#{namespace.name}` in action configurations.

https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html
"""

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"#\{([A-Za-z0-9@\-_]+)\.([A-Za-z0-9@\-_.]+)\}")


class UnknownVariable(Exception):
    """A reference to a variable that no earlier action gave."""


def resolve(text: str, namespaces: Mapping[str, Mapping[str, str]]) -> str:
    """Put values for references; UnknownVariable for one that has none."""

    def value(match: re.Match[str]) -> str:
        namespace, name = match.groups()
        found = namespaces.get(namespace, {}).get(name)
        if found is None:
            raise UnknownVariable(f"The variable {match.group(0)} has no value: no earlier action produced it.")
        return found

    return _REFERENCE.sub(value, text)


def references(text: str) -> list[tuple[str, str]]:
    """The (namespace, name) pairs that a text refers to."""
    return [(match.group(1), match.group(2)) for match in _REFERENCE.finditer(text)]
