"""What the code of an action works with, whichever provider it is of."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core.clock import Clock
from trunkline.engines import Engines
from trunkline.engines.workflows.interface import Workflow
from trunkline.services.codepipeline.model import Doc, artifact_key

_PRINCIPAL = "codepipeline.amazonaws.com"
_ROLE_CACHE_S = 600.0


class ActionFailed(Exception):
    """The action did not do what it is for: `code` as AWS has it, and why in one sentence."""

    def __init__(self, code: str, message: str, **known: str) -> None:
        super().__init__(message)
        self.code = code
        self.known = known


@dataclass
class Outcome:
    """What a succeeded action leaves behind."""

    external_id: str = ""
    external_url: str = ""
    summary: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    artifacts: dict[str, Doc] = field(default_factory=dict)
    revision: Doc = field(default_factory=dict)

    def to_doc(self) -> Doc:
        """As JSON, for the journal."""
        return asdict(self)


class Roles:
    """Callers for service roles, assumed anew before their sessions grow old."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._known: dict[tuple[str, str, str, str], tuple[float, Caller]] = {}

    async def caller(self, role_arn: str, region: str, pipeline: str, *, through: str = "") -> Caller:
        """Act as a role in the name of a pipeline; AwsError when the role does not let itself be assumed.

        through: the pipeline's role, which assumes an action's own role; the pipeline's is assumed by CodePipeline.
        """
        clock: Clock = self._kit.clock
        key = (role_arn, region, pipeline, through)
        at, caller = self._known.get(key, (0.0, None))
        if caller is None or clock.time() - at > _ROLE_CACHE_S:
            if through in ("", role_arn):
                assumed = await self._kit.call.assume(role_arn, service=_PRINCIPAL, region=region)
            else:
                owner = await self.caller(through, region, pipeline)
                session = {"RoleArn": role_arn, "RoleSessionName": f"codepipeline-{pipeline}"[:64]}
                answer = await self._kit.call("sts", "AssumeRole", session, as_=owner)
                assumed = self._kit.call.caller(answer["Credentials"]["AccessKeyId"], region)
            caller = replace(assumed, user_agent=f"codepipeline/{pipeline}")
            self._known[key] = (clock.time(), caller)
        return caller


@dataclass
class Action:
    """One action at work. `configuration` has its variables resolved; `inputs` say where the input artifacts lie."""

    wf: Workflow
    kit: Kit
    engines: Engines
    roles: Roles
    id: str
    account: str
    region: str
    pipeline: str
    execution: str
    stage: str
    declaration: Doc
    configuration: dict[str, str]
    inputs: dict[str, Doc]
    role_arn: str
    pipeline_role: str
    bucket: str
    key_arn: str
    """The KMS key that artifacts are encrypted with, or "" for the bucket's own default."""
    token: str
    source_override: Doc
    note: Callable[[str, str], Awaitable[None]]

    @property
    def name(self) -> str:
        return str(self.declaration["name"])

    @property
    def abandon(self) -> tuple[str, ...]:
        """The topics that end the action's waiting when the execution is abandoned."""
        return (f"abandon:{self.id}",)

    async def call(self, service: str, operation: str, params: Doc) -> Doc:
        """Call AWS as the action's role."""
        caller = await self.roles.caller(self.role_arn, self.region, self.pipeline, through=self.pipeline_role)
        return await self.kit.call(service, operation, params, as_=caller)

    async def look(self, service: str, operation: str, params: Doc) -> Doc:
        """Ask as CodePipeline itself, for what the documented permissions of an action's role do not cover."""
        return await self.kit.call(
            service, operation, params, as_=Caller.service(_PRINCIPAL, self.account, self.region)
        )

    async def must_allow(self, action: str, resource: str) -> None:
        """Refused unless the action's role may do this: for permissions that belong to no operation of the API."""
        caller = await self.roles.caller(self.role_arn, self.region, self.pipeline, through=self.pipeline_role)
        self.kit.call.authorizer.authorize(caller, action, [resource], protocol="json")

    async def upload(self, artifact: str, body: AsyncIterator[bytes]) -> Doc:
        """Keep an output artifact in the pipeline's store; the same place however often it is tried."""
        key = artifact_key(self.pipeline, artifact, self.wf.key(f"artifact:{artifact}")[:7])
        request: Doc = {"Bucket": self.bucket, "Key": key, "Body": body}
        if self.key_arn:
            request |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.key_arn}
        await self.call("s3", "PutObject", request)
        return {"bucket": self.bucket, "key": key}

    def output_location(self, artifact: str) -> Doc:
        """Where an output artifact is to be put by whoever makes it."""
        return {
            "bucket": self.bucket,
            "key": artifact_key(self.pipeline, artifact, self.wf.key(f"artifact:{artifact}")[:7]),
        }

    async def download(self, artifact: str) -> bytes:
        """An input artifact whole."""
        place = self.inputs.get(artifact)
        if place is None:
            raise ActionFailed("ConfigurationError", f"The action has no input artifact named {artifact}.")
        answer = await self.call("s3", "GetObject", {"Bucket": place["bucket"], "Key": place["key"]})
        return await whole(answer["Body"])


async def whole(body: Any) -> bytes:
    """A streamed body in one piece."""
    if isinstance(body, bytes):
        return body
    return b"".join([chunk async for chunk in body])


async def streamed(body: bytes) -> AsyncIterator[bytes]:
    """One piece as a stream."""
    yield body


def failed(error: AwsError) -> ActionFailed:
    """An AWS error as the reason an action failed."""
    return ActionFailed(error.code, error.message or error.code)
