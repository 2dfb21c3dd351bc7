"""Resource types that no service here provides, made by the Cloud Control API of another endpoint (`--upstream URL`).

One type for each that AWS has: what a template gives is handed on, and what the other end says is what there is. The
other end decides what it supports; its refusals are told as they come.
"""

import asyncio
import json
from typing import Any

import aiohttp
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from trunkline.aws import schemas
from trunkline.aws.errors import AwsError
from trunkline.aws.resources import NotStabilized, Provision, ResourceType
from trunkline.aws.service import Doc
from trunkline.core.settings import Settings

_TARGET = "CloudApiService"
_POLL_S = 0.2
_LONGEST_POLL_S = 2.0
_TIMEOUT_S = 60
_ABSENT = "ResourceNotFoundException"


class UpstreamTypes:
    """Gives the type for a name; one connection pool for all."""

    def __init__(self, settings: Settings) -> None:
        self._url = (settings.upstream or "").rstrip("/")
        self._credentials = Credentials(settings.root_access_key_id, settings.root_secret_access_key)
        self._types: dict[str, ResourceType | None] = {}
        self._session: aiohttp.ClientSession | None = None

    def find(self, name: str) -> ResourceType | None:
        """None for what AWS does not have either."""
        if name not in self._types:
            self._types[name] = UpstreamType(name, self) if schemas.load(name) is not None else None
        return self._types[name]

    async def call(self, region: str, operation: str, request: Doc) -> Doc:
        """One operation of the other end's Cloud Control. Raises AwsError as it answers."""
        body = json.dumps({key: value for key, value in request.items() if value is not None}).encode()
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"{_TARGET}.{operation}"}
        signed = AWSRequest("POST", f"{self._url}/", headers=headers, data=body)
        SigV4Auth(self._credentials, "cloudcontrolapi", region).add_auth(signed)
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S))
        try:
            async with self._session.post(f"{self._url}/", data=body, headers=dict(signed.headers)) as answer:
                found: Doc = json.loads(await answer.read() or b"{}")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            message = f"The upstream endpoint {self._url} does not answer: {error}"
            raise AwsError("ServiceUnavailable", message, status=503) from error
        if answer.status >= 400:
            code = str(found.get("__type") or found.get("code") or "GeneralServiceException").rsplit("#", 1)[-1]
            raise AwsError(code, str(found.get("message") or found.get("Message") or answer.reason))
        return found

    async def close(self) -> None:
        """Let go of connections."""
        if self._session is not None:
            await self._session.close()


class UpstreamType(ResourceType):
    """A type at the other end; its physical ids are Cloud Control's identifiers."""

    def __init__(self, name: str, upstream: UpstreamTypes) -> None:
        schema = schemas.load(name)
        fixed = {pointer[0] for pointer in schema.read_only if len(pointer) == 1} if schema else set()
        self.name = name  # type: ignore[misc]
        self.honoured = frozenset(schema.properties if schema else ()) - fixed  # type: ignore[misc]
        self._upstream = upstream

    async def create(self, on: Provision, wanted: Doc) -> str:
        answer = await self._call(on, "CreateResource", DesiredState=json.dumps(wanted), ClientToken=on.token)
        return str((await self._ended(on, answer))["Identifier"])

    async def read(self, on: Provision, physical_id: str) -> Doc | None:
        try:
            answer = await self._call(on, "GetResource", Identifier=physical_id)
        except AwsError as error:
            if error.code == _ABSENT:
                return None
            raise
        found: Doc = json.loads(answer["ResourceDescription"]["Properties"])
        return found

    async def update(self, on: Provision, physical_id: str, old: Doc, new: Doc) -> None:
        patch: list[Doc] = [{"op": "remove", "path": f"/{key}"} for key in old if key not in new]
        patch += [
            {"op": "add", "path": f"/{key}", "value": value} for key, value in new.items() if old.get(key) != value
        ]
        if patch:
            answer = await self._call(on, "UpdateResource", Identifier=physical_id, PatchDocument=json.dumps(patch))
            await self._ended(on, answer)

    async def delete(self, on: Provision, physical_id: str) -> None:
        try:
            answer = await self._call(on, "DeleteResource", Identifier=physical_id)
            await self._ended(on, answer)
        except AwsError as error:
            if error.code not in (_ABSENT, "NotFound"):
                raise

    async def existing(self, on: Provision) -> list[str]:
        found: list[str] = []
        token: str | None = None
        while True:
            answer = await self._call(on, "ListResources", NextToken=token)
            found += [str(one["Identifier"]) for one in answer.get("ResourceDescriptions", ())]
            token = answer.get("NextToken")
            if not token:
                return found

    async def _call(self, on: Provision, operation: str, **params: Any) -> Doc:
        return await self._upstream.call(on.region, operation, {"TypeName": self.name, **params})

    async def _ended(self, on: Provision, answer: Doc) -> Doc:
        """The progress event of a request that succeeded."""
        event: Doc = answer["ProgressEvent"]
        pause = _POLL_S
        while event["OperationStatus"] in ("PENDING", "IN_PROGRESS", "CANCEL_IN_PROGRESS"):
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_POLL_S)
            asked = {"RequestToken": event["RequestToken"]}
            event = (await self._upstream.call(on.region, "GetResourceRequestStatus", asked))["ProgressEvent"]
        if event["OperationStatus"] != "SUCCESS":
            code, message = event.get("ErrorCode", "GeneralServiceException"), event.get("StatusMessage", "")
            if code == "NotStabilized":
                raise NotStabilized(message)
            raise AwsError(code, message or event["OperationStatus"])
        return event
