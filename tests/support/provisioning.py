"""Resource types driven without CloudFormation: what it hands to them, in a test of one type.

    async def test_a_queue(tmp_path):
        async with provisioning(tmp_path) as provisioner:
            queue = await provisioner.create("AWS::SQS::Queue", {"DelaySeconds": 5})
            assert (await provisioner.read("AWS::SQS::Queue", queue))["DelaySeconds"] == 5

or the whole life of a sample in one line: `await provisioner.live(key, SAMPLES[key])`.
"""

import contextlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.support.resource_samples import Sample, type_of
from tests.support.server import ACCESS_KEY, ACCOUNT, REGION, SECRET_KEY, free_port
from trunkline.aws.resources import Provision, ResourceType
from trunkline.aws.service import Caller, Kit, Principal
from trunkline.core.settings import Settings, prepare
from trunkline.server.build import build

Doc = dict[str, Any]
_CLOUDFORMATION = "cloudformation.amazonaws.com"


@contextlib.asynccontextmanager
async def provisioning(tmp_path: Path, **settings: Any) -> AsyncIterator["Provisioner"]:
    """A server in this process (fake containers and proxy, no listener), and a Provisioner on it."""
    given = {"containers": "fake", "proxy": "fake", "port": free_port(), **settings}
    made = Settings(
        data_dir=tmp_path / "data",
        xray_port=free_port(),
        root_access_key_id=ACCESS_KEY,
        root_secret_access_key=SECRET_KEY,
        **given,
    )
    platform = build(prepare(made), lambda: None)
    await platform.start()
    try:
        yield Provisioner(platform.kit)
    finally:
        await platform.stop()


class Provisioner:
    """Makes, reads, changes and deletes resources of one stack, as root; properties may use Ref and Fn::GetAtt."""

    def __init__(self, kit: Kit, *, region: str = REGION, stack_name: str = "") -> None:
        self.kit = kit
        root = Principal("root", f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT)
        self.caller = Caller(ACCOUNT, region, root, source_ip=_CLOUDFORMATION, user_agent=_CLOUDFORMATION)
        self.stack_name = stack_name or f"t-{uuid.uuid4().hex[:8]}"
        self.stack_id = f"arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{self.stack_name}/{uuid.uuid4()}"
        self.made: dict[str, tuple[str, str]] = {}  # logical id: type, physical id
        self._tokens: dict[str, str] = {}
        self._kept: dict[tuple[str, str], Doc] = {}

    def type(self, name: str) -> ResourceType:
        """The registered type."""
        return self.kit.resource_types[name]

    def on(self, logical_id: str = "Thing", *, resumed: bool = False, kept: Doc | None = None) -> Provision:
        """What a handler is given; the same token for one logical id, as on every run of one attempt."""
        return Provision(
            self.kit.call,
            self.caller,
            self._tokens.setdefault(logical_id, str(uuid.uuid4())),
            stack_id=self.stack_id,
            stack_name=self.stack_name,
            logical_id=logical_id,
            resumed=resumed,
            stack_tags={
                "aws:cloudformation:stack-id": self.stack_id,
                "aws:cloudformation:stack-name": self.stack_name,
                "aws:cloudformation:logical-id": logical_id,
            },
            kept=kept or {},
        )

    async def call(self, service: str, operation: str, **params: Any) -> Doc:
        """An AWS operation by hand, beside the stack."""
        return await self.kit.call(service, operation, params, as_=self.caller)

    async def create(self, name: str, properties: Doc, logical_id: str = "Thing", *, resumed: bool = False) -> str:
        """Create one and return its physical id; fails on a property that the type neither honours nor records."""
        wanted = await self.resolve(properties)
        handler = self.type(name)
        refused = [f"{key} is neither honoured nor recorded" for key in wanted.keys() - _accepted(handler)]
        assert not refused + handler.refusals(wanted), refused + handler.refusals(wanted)
        physical_id = await handler.create(self.on(logical_id, resumed=resumed), wanted)
        self.made[logical_id] = (name, physical_id)
        self._kept[name, physical_id] = wanted
        return physical_id

    async def read(self, name: str, physical_id: str) -> Doc | None:
        """Its properties as they are now."""
        kept = self._kept.get((name, physical_id))
        return await self.type(name).read(self.on(self._logical(name, physical_id), kept=kept), physical_id)

    async def update(self, name: str, physical_id: str, changes: Doc) -> None:
        """Change properties in place; None takes one out of the template."""
        old = self._kept[name, physical_id]
        given = {**old, **await self.resolve(changes)}
        new = {key: value for key, value in given.items() if value is not None}
        on = self.on(self._logical(name, physical_id), kept=old)
        await self.type(name).update(on, physical_id, old, new)
        self._kept[name, physical_id] = new

    async def delete(self, name: str, physical_id: str) -> None:
        """Delete it; the second run of a crashed delete must be a success too, so it is done twice."""
        on = self.on(self._logical(name, physical_id), kept=self._kept.get((name, physical_id)))
        await self.type(name).delete(on, physical_id)
        await self.type(name).delete(on, physical_id)

    async def existing(self, name: str) -> list[str]:
        """The physical ids of all there are."""
        return await self.type(name).existing(self.on())

    async def live(self, key: str, sample: Sample) -> None:
        """A whole life: create (twice, as after a crash), read, every update, list, delete; fails at the first lie."""
        name = type_of(key)
        for logical_id, (needed, properties) in sample.needs.items():
            await self.create(needed, properties, logical_id)
        physical_id = await self.create(name, sample.properties, "Sampled")
        again = await self.create(name, sample.properties, "Sampled", resumed=True)
        assert again == physical_id, f"{key}: a resumed create made a second one"
        await self._shows(key, physical_id, sample.properties)
        with contextlib.suppress(NotImplementedError):
            assert physical_id in await self.existing(name), f"{key}: existing does not list it"
        for changed, value in sample.updates.items():
            await self.update(name, physical_id, {changed: value})
            await self._shows(key, physical_id, {changed: value})
        await self.delete(name, physical_id)
        assert sample.stays or await self.read(name, physical_id) is None, f"{key}: it is still there after its delete"
        for logical_id in reversed(sample.needs):
            await self.delete(*self.made[logical_id])

    async def _shows(self, key: str, physical_id: str, given: Doc) -> None:
        name = type_of(key)
        found = await self.read(name, physical_id)
        assert found is not None, f"{key}: {physical_id} cannot be read"
        for member, value in (await self.resolve(given)).items():
            if member not in self.type(name).recorded:
                assert covers(found.get(member), value), f"{key}: {member} is {found.get(member)!r}, given {value!r}"

    async def resolve(self, value: Any) -> Any:
        """The value with its Ref (pseudo parameters too), Fn::GetAtt and Fn::Join replaced."""
        if isinstance(value, list):
            return [await self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Ref"}:
            pseudo = {"AWS::Region": self.caller.region, "AWS::AccountId": ACCOUNT, "AWS::StackName": self.stack_name}
            return pseudo.get(value["Ref"]) or self.made[value["Ref"]][1]
        if set(value) == {"Fn::GetAtt"}:
            logical_id, attribute = value["Fn::GetAtt"]
            found: Any = await self.read(*self.made[logical_id])
            for piece in attribute.split("."):
                found = found[piece]
            return found
        if set(value) == {"Fn::Join"}:
            between, pieces = await self.resolve(value["Fn::Join"])
            return between.join(str(piece) for piece in pieces)
        return {key: await self.resolve(item) for key, item in value.items()}

    def _logical(self, name: str, physical_id: str) -> str:
        return next((logical for logical, made in self.made.items() if made == (name, physical_id)), "Thing")


def _accepted(handler: ResourceType) -> set[str]:
    return set(handler.honoured | handler.recorded)


def covers(found: Any, given: Any) -> bool:
    """Whether what is there shows what was given: more members are fine, lists may be in another order."""
    if isinstance(given, dict):
        return isinstance(found, dict) and all(covers(found.get(key), value) for key, value in given.items())
    if isinstance(given, list):
        return isinstance(found, list) and all(any(covers(one, item) for one in found) for item in given)
    return bool(found == given or str(found) == str(given))
