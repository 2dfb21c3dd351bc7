"""Functions, their versions and what hangs on them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trunkline.core import ids

Doc = dict[str, Any]
LATEST = "$LATEST"


@dataclass
class Code:
    """A deployment package. sha256 is base64 as AWS shows it; folder names the unpacked zip in the data directory."""

    sha256: str
    size_bytes: int
    folder: str = ""
    image_uri: str = ""
    resolved_image_uri: str = ""


@dataclass
class LayerUse:
    """A layer in a function, with its package: it goes on working when the layer is deleted."""

    arn: str
    code: Code


@dataclass
class Version:
    """One version's configuration and code; number "$LATEST" is the one that can be changed.

    config: the members of FunctionConfiguration that a caller sets, with AWS's defaults filled in.
    """

    account: str
    region: str
    name: str
    number: str
    config: Doc
    code: Code
    modified: datetime
    layers: list[LayerUse] = field(default_factory=list)
    revision: str = field(default_factory=ids.uuid)
    state: str = "Active"
    state_reason: str = ""
    update_status: str = "Successful"
    update_reason: str = ""

    @property
    def function_arn(self) -> str:
        return function_arn(self.account, self.region, self.name)

    @property
    def arn(self) -> str:
        return f"{self.function_arn}:{self.number}"


@dataclass
class Alias:
    name: str
    version: str
    description: str = ""
    routing: dict[str, float] = field(default_factory=dict)
    revision: str = field(default_factory=ids.uuid)


@dataclass
class Policy:
    """Statements by their id, in the order they came."""

    statements: dict[str, Doc] = field(default_factory=dict)
    revision: str = field(default_factory=ids.uuid)


@dataclass
class Function:
    """What all versions of a function share. Qualified settings are kept by qualifier; "" is none."""

    account: str
    region: str
    name: str
    created: datetime
    last_version: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    reserved: int | None = None
    provisioned: dict[str, Doc] = field(default_factory=dict)
    event_invoke: dict[str, Doc] = field(default_factory=dict)
    urls: dict[str, Doc] = field(default_factory=dict)
    runtime_management: dict[str, Doc] = field(default_factory=dict)
    recursion: str = "Terminate"

    @property
    def arn(self) -> str:
        return function_arn(self.account, self.region, self.name)


@dataclass
class LayerVersion:
    account: str
    region: str
    name: str
    version: int
    code: Code
    created: datetime
    description: str = ""
    license: str = ""
    runtimes: list[str] = field(default_factory=list)
    architectures: list[str] = field(default_factory=list)
    policy: Policy = field(default_factory=Policy)

    @property
    def layer_arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account}:layer:{self.name}"

    @property
    def arn(self) -> str:
        return f"{self.layer_arn}:{self.version}"


@dataclass
class QueuedEvent:
    """An asynchronous invocation until it succeeded or was given up. due: epoch of its next attempt."""

    id: str
    due: float
    account: str
    region: str
    name: str
    qualifier: str
    payload: bytes
    accepted: float
    attempts: int = 0
    throttled: int = 0
    trace_id: str = ""


@dataclass
class Mapping:
    """An event source mapping. settings: the members a caller sets."""

    account: str
    region: str
    id: str
    function_arn: str
    source_arn: str
    settings: Doc
    modified: datetime
    state: str = "Enabled"
    last_result: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account}:event-source-mapping:{self.id}"


def function_arn(account: str, region: str, name: str) -> str:
    return f"arn:aws:lambda:{region}:{account}:function:{name}"
