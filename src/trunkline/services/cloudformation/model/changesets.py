"""A change set: a prepared operation and what it would do."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Doc = dict[str, Any]


@dataclass(slots=True)
class ChangeSet:
    """`target` is what executing it applies: the request of CreateStack or UpdateStack as `preparing` understands it.

    changes: DescribeChangeSet's, with values (BeforeContext and AfterContext) that are shown only when asked for.
    problems: what early validation found, as DescribeEvents tells it.
    """

    account: str
    region: str
    id: str
    name: str
    stack_id: str
    stack_name: str
    kind: str
    status: str
    execution: str
    created: datetime
    reason: str = ""
    description: str = ""
    target: Doc = field(default_factory=dict)
    changes: list[Doc] = field(default_factory=list)
    version: int = 0
    token: str = ""
    nested: bool = False
    on_failure: str = ""
    import_existing: bool = False
    imports: list[Doc] = field(default_factory=list)
    parent_id: str = ""
    root_id: str = ""
    deployment: Doc = field(default_factory=dict)
    problems: list[Doc] = field(default_factory=list)
