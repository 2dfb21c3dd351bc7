"""The functions of the language, by name in lower case without underscores.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html
"""

from __future__ import annotations

from trunkline.services.logs.insights.functions import addresses, general, json, numbers, texts, times
from trunkline.services.logs.insights.functions.registry import Arguments, Function

FUNCTIONS: dict[str, Function] = {
    **general.FUNCTIONS,
    **numbers.FUNCTIONS,
    **texts.FUNCTIONS,
    **times.FUNCTIONS,
    **json.FUNCTIONS,
    **addresses.FUNCTIONS,
}

__all__ = ["FUNCTIONS", "Arguments", "Function"]
