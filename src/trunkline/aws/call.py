"""How services call one another: in the process, but validated, authorized and recorded like a client's call."""

from collections.abc import Mapping
from typing import Any

from trunkline.aws import arn, models
from trunkline.aws.errors import AwsError
from trunkline.aws.identity import Authorizer, Identity
from trunkline.aws.operations import Operations
from trunkline.aws.service import Call, Caller, Doc
from trunkline.core import ids


class Client:
    """`await client("logs", "PutLogEvents", {...}, as_=caller)` answers as boto3 would, or raises AwsError."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    @property
    def identity(self) -> Identity:
        """Who is known: for doors that are not AWS APIs (git, the registry), and for STS; usable once all are built."""
        return self._operations.authorizer.identity

    @property
    def authorizer(self) -> Authorizer:
        """For operations that decide by themselves: whose answer depends on what a caller may see."""
        return self._operations.authorizer

    async def __call__(
        self, service: str, operation: str, params: Doc, *, as_: Caller, headers: Mapping[str, str] | None = None
    ) -> Doc:
        """Call `operation` as `as_`, in its account and region. headers: lower case, such as x-amzn-trace-id."""
        found = self._operations.find(service, operation)
        request = found.model.validate(params)
        call = Call(as_, service, operation, ids.request_id(), headers=headers or {})
        return await self._operations.perform(found, call, request)

    async def pages(self, service: str, operation: str, result: str, params: Doc, *, as_: Caller) -> list[Any]:
        """The items of all pages of a list; `result` names the member that holds them."""
        pagination = models.load(service).operations[operation].pagination
        tokens = dict(zip(pagination.output_tokens, pagination.input_tokens, strict=True)) if pagination else {}
        given = dict(params)
        items: list[Any] = []
        while True:
            answer = await self(service, operation, given, as_=as_)
            items += answer.get(result) or []
            following = {into: answer[out] for out, into in tokens.items() if answer.get(out)}
            if not following:
                return items
            given |= following

    async def assume(self, role_arn: str, *, service: str, region: str, session: str = "trunkline") -> Caller:
        """The caller to act as for a service role; refused when its trust policy does not name `service`.

        `service` is the principal's name, such as "codebuild.amazonaws.com". Raises AwsError (AccessDenied,
        ValidationError) as sts:AssumeRole does.
        """
        try:
            account = arn.parse(role_arn).account
        except ValueError as error:
            raise AwsError("ValidationError", f"{role_arn} is invalid") from error
        as_service = Caller.service(service, account, region)
        answer = await self("sts", "AssumeRole", {"RoleArn": role_arn, "RoleSessionName": session}, as_=as_service)
        return self.caller(answer["Credentials"]["AccessKeyId"], region, user_agent=service)

    def caller(self, access_key_id: str, region: str, *, user_agent: str = "") -> Caller:
        """The caller that owns an access key, for work done in its name."""
        credential = self._operations.authorizer.identity.credential(access_key_id)
        if credential is None:
            raise AwsError("InvalidClientTokenId", "The security token included in the request is invalid.")
        return Caller(
            credential.account,
            region,
            credential.principal,
            source_ip=user_agent,
            user_agent=user_agent,
            access_key_id=access_key_id,
        )
