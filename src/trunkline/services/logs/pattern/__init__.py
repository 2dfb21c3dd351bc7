"""CloudWatch Logs' filter patterns, compiled once and matched against many messages.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import functools
import re

from trunkline.services.logs.pattern.delimited import Delimited
from trunkline.services.logs.pattern.everything import Everything, Pattern
from trunkline.services.logs.pattern.json_selector import JsonPattern
from trunkline.services.logs.pattern.syntax import REGEX, STRING, InvalidPattern
from trunkline.services.logs.pattern.terms import Terms

__all__ = ["InvalidPattern", "Pattern", "compile_pattern", "has_regex"]


def has_regex(text: str) -> bool:
    """Whether a pattern holds a regular expression, of which a log group's filters may have few."""
    return re.search(REGEX, re.sub(STRING, "", text)) is not None


@functools.lru_cache(maxsize=512)
def compile_pattern(text: str) -> Pattern:
    """The pattern that `text` spells; InvalidPattern says what is wrong with it."""
    stripped = text.strip()
    if not stripped or stripped == '" "':
        return Everything()
    if stripped.startswith("{"):
        return JsonPattern(stripped)
    if stripped.startswith("["):
        return Delimited(stripped)
    return Terms(stripped)
