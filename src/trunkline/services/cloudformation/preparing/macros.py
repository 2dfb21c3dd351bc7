"""Transforms that are not pure: macros of the account, and AWS::Include's files.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html
"""

import json
from collections.abc import Mapping
from typing import Any

from trunkline.aws.errors import AwsError
from trunkline.aws.service import Caller, Kit
from trunkline.core import ids
from trunkline.services.cloudformation import store, template
from trunkline.services.cloudformation.preparing import sources


class Transformer:
    """`template.Transforming` for one stack."""

    def __init__(self, kit: Kit, caller: Caller, target: Any, parameters: Mapping[str, Any]) -> None:
        self._kit = kit
        self._caller = caller
        self.parameters = parameters
        self.account = caller.account
        self.region = caller.region
        self.stack_id: str = target.stack_id
        self.stack_name: str = target.stack_name

    async def macro(self, name: str, fragment: Any, params: Mapping[str, Any]) -> Any:
        function = self._function(name)
        if function is None:
            raise template.TransformError(
                f"No transform named {self.account}::{name} found. Rollback requested by user."
            )
        event = {
            "region": self.region,
            "accountId": self.account,
            "fragment": fragment,
            "transformId": f"{self.account}::{name}",
            "params": params,
            "requestId": ids.uuid(),
            "templateParameterValues": self.parameters,
        }
        try:
            answer = await self._kit.call(
                "lambda",
                "Invoke",
                {"FunctionName": function, "Payload": json.dumps(event).encode()},
                as_=self._caller,  # whoever uses a macro must be allowed to invoke its function: it lends no rights
            )
            payload = answer["Payload"]
            data = payload if isinstance(payload, bytes) else b"".join([chunk async for chunk in payload])
            found = json.loads(data or b"null")
        except AwsError as error:
            raise template.TransformError(
                f"Transform {self.account}::{name} failed with: {error.message or error.code}."
            ) from error
        except ValueError as error:
            raise template.TransformError(f"Transform {self.account}::{name} returned a malformed response.") from error
        if answer.get("FunctionError"):
            raise template.TransformError(
                f"Transform {self.account}::{name} failed with: {found.get('errorMessage', 'an error')}."
            )
        if not isinstance(found, dict) or str(found.get("status", "")).lower() != "success":
            message = found.get("errorMessage") if isinstance(found, dict) else None
            raise template.TransformError(
                f"Transform {self.account}::{name} failed with: {message}."
                if message
                else f"Transform {self.account}::{name} failed without an error message."
            )
        return found.get("fragment")

    def _function(self, name: str) -> str | None:
        """The function behind a macro: a resource of some stack of this account and region."""
        for row in store.resources.find(self._kit.db, physical_id=name):
            place = row.stack_id.split(":")
            if (
                row.type == "AWS::CloudFormation::Macro"
                and row.status.endswith("_COMPLETE")
                and row.status != "DELETE_COMPLETE"
                and (place[4], place[3]) == (self.account, self.region)
            ):
                return str(row.properties["FunctionName"])
        return None

    async def include(self, location: str) -> str:
        try:
            return await sources.fetched(self._kit.call, self._caller, location)
        except AwsError as error:
            raise template.TransformError(
                f"Transform AWS::Include failed with: {error.message or error.code}"
            ) from error
