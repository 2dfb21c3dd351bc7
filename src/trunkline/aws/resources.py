"""What a CloudFormation resource type is: how a resource is made, looked at, changed and deleted by AWS calls.

A service lists its types in `Service.resource_types`; CloudFormation, Cloud Control and drift detection work with all
of them through this file alone. Handlers call AWS operations as the stack's principal and touch no database, so that
permissions and the audit record hold for a stack as for anybody else.

How often: any handler may run again after a crash at any point of an earlier run (`Provision.resumed` says that it may
have). `create` must then find what it made before: by its name, by its natural key, or by the tags that
`Provision.tags` puts on everything (`owner_filters`). `delete` of what is gone is a success.

https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-develop.html
"""

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Doc
from trunkline.aws.tags import changes, keys, system_tags_allowed

if TYPE_CHECKING:
    from trunkline.aws.call import Client

T = TypeVar("T")
_NAME_PIECE = 24
_RANDOM = 12


class NotStabilized(Exception):
    """A resource did not reach the state it was to reach; the message is one sentence for the stack's event."""


@dataclass(frozen=True, slots=True)
class Provision:
    """One attempt at one resource, and what its handler works with.

    token: 36 characters, the same on every run of this attempt: for client tokens. stack_tags: the stack's own tags and
    CloudFormation's three (`aws:cloudformation:stack-id`, `-name`, `logical-id`); Cloud Control has none. former_tags:
    the keys that an update takes away unless they are wanted again: of the template and the stack before it. kept: the
    properties as last applied, for types whose physical id alone does not lead to them; empty for an import.
    update_policy: the template's UpdatePolicy, evaluated; not given on the way back from a failed update.
    """

    client: "Client"
    caller: Caller
    token: str
    stack_id: str = ""
    stack_name: str = ""
    logical_id: str = ""
    resumed: bool = False
    stack_tags: Mapping[str, str] = field(default_factory=dict)
    former_tags: frozenset[str] = frozenset()
    kept: Doc = field(default_factory=dict)
    update_policy: Doc = field(default_factory=dict)
    on_made: Callable[[str], Awaitable[None]] | None = None

    async def made(self, physical_id: str) -> None:
        """Tell that the resource exists, for a `create` that then goes on waiting: from now on it may be cancelled."""
        if self.on_made is not None:
            await self.on_made(physical_id)

    @property
    def account(self) -> str:
        return self.caller.account

    @property
    def region(self) -> str:
        return self.caller.region

    async def call(self, service: str, operation: str, /, **params: Any) -> Doc:
        """An AWS operation as the stack's principal; members given as None are left out. Raises AwsError."""
        given = {name: value for name, value in params.items() if value is not None}
        with system_tags_allowed():
            return await self.client(service, operation, given, as_=self.caller)

    async def look(self, service: str, operation: str, /, *absent: str, **params: Any) -> Doc | None:
        """`call`, answering None where AWS answers one of the error codes `absent`."""
        try:
            return await self.call(service, operation, **params)
        except AwsError as error:
            if error.code in absent:
                return None
            raise

    async def pages(self, service: str, operation: str, result: str, /, **params: Any) -> list[Any]:
        """All items of a paged list, by botocore's paginator of the operation; `result` names the member."""
        return await self.client.pages(service, operation, result, params, as_=self.caller)

    def name(self, limit: int = 64, *, lower: bool = False) -> str:
        """A physical name as CloudFormation makes them: stack-logical-RANDOM, the same on every run of this attempt."""
        random = base64.b32encode(hashlib.sha256(self.token.encode()).digest()).decode()[:_RANDOM]
        room = limit - len(random) - 1
        pieces = [piece for piece in (self.stack_name or "trunkline", self.logical_id) if piece]
        text = "-".join(piece[:_NAME_PIECE] if limit < 128 else piece for piece in pieces)[:room].rstrip("-")
        made = f"{text}-{random}"
        return made.lower() if lower else made

    def tags(self, given: Iterable[Mapping[str, Any]] | Mapping[str, str] | None = None) -> dict[str, str]:
        """The tags a resource gets: the stack's and CloudFormation's, under those of the template."""
        if isinstance(given, Mapping):
            own = {str(key): str(value) for key, value in given.items()}
        else:
            own = {str(tag["Key"]): str(tag.get("Value", "")) for tag in given or ()}
        return {**self.stack_tags, **own}

    def tag_changes(
        self, current: Mapping[str, str], given: Iterable[Mapping[str, Any]] | Mapping[str, str] | None
    ) -> tuple[dict[str, str], list[str]]:
        """The tags to set and the keys to remove; tags that somebody else has set stay, as with CloudFormation."""
        put, gone = changes(current, self.tags(given))
        return put, [key for key in gone if key in self.former_tags]

    def updating(self, old: Doc) -> Self:
        """For `update` of a resource that has had these properties: tags of theirs may go."""
        return replace(self, former_tags=self.former_tags | frozenset(keys(old.get("Tags"))))

    def owns(self, tags: Mapping[str, str]) -> bool:
        """Whether what has these tags was made by an earlier run of this attempt (`resumed`)."""
        ours = ((key, value) for key, value in self.stack_tags.items() if key[:4] == "aws:")
        return self.resumed and all(tags.get(key) == value for key, value in ours)

    def owner_filters(self) -> list[Doc]:
        """EC2-style filters that find what this attempt made before (`resumed`)."""
        return [
            {"Name": f"tag:{key}", "Values": [value]} for key, value in self.stack_tags.items() if key[:4] == "aws:"
        ]

    async def until(
        self, look: Callable[[], Awaitable[T | None]], what: str, *, timeout_s: float = 1800, every_s: float = 0.1
    ) -> T:
        """Poll `look` until it gives something; NotStabilized with `what` after the time-out."""
        pause = every_s
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    found = await look()
                    if found is not None:
                        return found
                    await asyncio.sleep(pause)
                    pause = min(pause * 1.3, 2.0)
        except TimeoutError as error:
            raise NotStabilized(f"Exceeded attempts to wait: {what}") from error


class ResourceType:
    """One type. Values in properties are as the schema types them: numbers and booleans are no strings any more.

    honoured: the top-level properties that have their effect here. recorded: those that are accepted and kept but have
    none; `read` leaves them out and whoever compares takes the last applied value. Every other property is refused
    before anything is made. timeout_s bounds one handler. live: the attributes that other resources change after this
    one was made (a VPC's IPv6 blocks): GetAtt looks at them anew. within: the properties that say where a physical id
    is one (a filter's name in its log group): with another value, the same id is another resource.
    """

    name: ClassVar[str]
    honoured: ClassVar[frozenset[str]] = frozenset()
    recorded: ClassVar[frozenset[str]] = frozenset()
    live: ClassVar[frozenset[str]] = frozenset()
    within: ClassVar[tuple[str, ...]] = ()
    timeout_s: ClassVar[float] = 3600

    async def create(self, on: Provision, wanted: Doc) -> str:
        """Make it and return its physical id (what Ref gives), once it is usable."""
        raise NotImplementedError

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        """Its properties as they are now, with read-only ones (what GetAtt gives); None when it is gone."""
        raise NotImplementedError

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        """Change it in place from `old` to `new`; properties that need a replacement are equal in both."""
        raise NotImplementedError

    async def delete(self, on: Provision, physical_id: str) -> None:
        """Gone afterwards; no error if it was."""
        raise NotImplementedError

    async def existing(self, on: Provision) -> list[str]:
        """The physical ids of all there are in the account and region: for lists, imports and what no stack owns.

        Left out (NotImplementedError) where AWS lists none either: a topic policy has no name outside of its stack.
        """
        raise NotImplementedError

    def replaces(self, old: Doc, new: Doc) -> bool:
        """Whether this change needs a new resource beyond what the schema's createOnly properties say."""
        return False

    def refusals(self, wanted: Doc) -> list[str]:
        """What in these properties is not supported here, one sentence each; values may still be unresolved."""
        return []


@dataclass(frozen=True, slots=True)
class Owner:
    """The stack that a resource belongs to; properties as it last applied them."""

    type: str
    physical_id: str
    logical_id: str
    stack_id: str
    stack_name: str
    properties: Doc


Owners = Callable[[str, str, str], list[Owner]]
"""(account, region, physical id) → the stacks' resources that have it."""


class ResourceTypes(dict[str, ResourceType]):
    """All types of this server by name; complete once every service is built. `owners` is told by CloudFormation.

    elsewhere: where types come from that no service here provides. They are found by name, and in no list.
    """

    owners: Owners
    elsewhere: Callable[[str], ResourceType | None]

    def __init__(self) -> None:
        super().__init__()
        self.owners = lambda account, region, physical_id: []
        self.elsewhere = lambda name: None

    def add(self, types: Iterable[ResourceType]) -> None:
        for one in types:
            if dict.__contains__(self, one.name):
                raise ValueError(f"two services provide {one.name}")
            self[one.name] = one

    def get(  # type: ignore[override]
        self, name: str, default: ResourceType | None = None
    ) -> ResourceType | None:
        found = super().get(name) or self.elsewhere(name)
        return default if found is None else found

    def __missing__(self, name: str) -> ResourceType:
        if (found := self.elsewhere(name)) is None:
            raise KeyError(name)
        return found

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and self.elsewhere(name) is not None)
