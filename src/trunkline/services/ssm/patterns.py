"""AllowedPattern: a regular expression that somebody else wrote, run where it cannot hold up the server.

Python's `re` backtracks for hours on patterns such as (a+)+$ and cannot be interrupted, so a child process does it.
"""

import asyncio
import re
import sys
from collections.abc import Sequence

import orjson

from trunkline.aws.errors import AwsError

_TIMEOUT_S = 3
_CHILD = (
    "import json,re,sys; p,vs=json.load(sys.stdin); c=re.compile(p); print('yes' if all(map(c.search,vs)) else 'no')"
)


async def check(pattern: str, values: Sequence[str]) -> None:
    """ParameterPatternMismatchException unless the pattern is found in every value."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError) as error:
        why = f"Allowed pattern is not a regular expression: {error}"
        raise AwsError("InvalidAllowedPatternException", why) from None
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-S",
        "-c",
        _CHILD,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        answer, _ = await asyncio.wait_for(child.communicate(orjson.dumps([pattern, list(values)])), _TIMEOUT_S)
    except TimeoutError:
        child.kill()
        await child.wait()
        why = f"The allowed pattern takes more than {_TIMEOUT_S} s on this value: {pattern}"
        raise AwsError("InvalidAllowedPatternException", why) from None
    if answer.strip() != b"yes":
        raise AwsError(
            "ParameterPatternMismatchException",
            f"Parameter value, cannot be validated against allowedPattern: {pattern}",
        )
