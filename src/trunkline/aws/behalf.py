"""On whose behalf a service calls: the topic, rule, bucket or alarm that made it call, for the resource policy asked.

A service that hands something on wraps the call: `with on_behalf_of(topic.arn): await kit.call("lambda", "Invoke", …)`.
The called one reads `behalf()` for the condition keys aws:SourceArn and aws:SourceAccount. No client gets here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Behalf:
    """The resource, and the account it belongs to."""

    arn: str
    account: str

    @property
    def context(self) -> dict[str, str]:
        """As condition keys."""
        return {"aws:SourceArn": self.arn, "aws:SourceAccount": self.account}


_current: ContextVar[Behalf | None] = ContextVar("behalf", default=None)


@contextmanager
def on_behalf_of(arn: str, account: str = "") -> Iterator[None]:
    """Within, calls are made for this resource; its account is that of the ARN where that names one."""
    token = _current.set(Behalf(arn, account or (arn.split(":") + [""] * 5)[4]))
    try:
        yield
    finally:
        _current.reset(token)


def behalf() -> Behalf | None:
    """For which resource the present call is made, if for any."""
    return _current.get()
