"""Stacks in tests: templates in few words, waiting, and what happened."""

import json
from typing import Any

from tests.support.server import wait_until

Doc = dict[str, Any]
PARAMETER = "AWS::SSM::Parameter"


def parameter(value: Any = "v", **more: Any) -> Doc:
    """An SSM parameter: the quickest resource there is. Capitalised keywords are properties, others the resource's."""
    properties = {key: item for key, item in more.items() if key[0].isupper() and key not in _ATTRIBUTES}
    rest = {key: item for key, item in more.items() if key in _ATTRIBUTES}
    return {"Type": PARAMETER, "Properties": {"Type": "String", "Value": value, **properties}, **rest}


_ATTRIBUTES = ("DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy", "Metadata", "CreationPolicy")


def template(resources: Doc, **sections: Any) -> str:
    return json.dumps({"Resources": resources, **sections})


class Stacks:
    """`Stacks(aws("cloudformation"), name)`: one stack and its life."""

    def __init__(self, cfn: Any, name: str) -> None:
        self.cfn = cfn
        self.name = name
        self.id = ""

    def create(self, resources: Doc | str, *, wait: bool = True, **more: Any) -> str:
        sections, call = _split(more)
        body = resources if isinstance(resources, str) else template(resources, **sections)
        self.id = self.cfn.create_stack(StackName=self.name, TemplateBody=body, **call)["StackId"]
        return self.ended() if wait else ""

    def update(self, resources: Doc | str, *, wait: bool = True, **more: Any) -> str:
        sections, call = _split(more)
        body = resources if isinstance(resources, str) else template(resources, **sections)
        self.cfn.update_stack(StackName=self.name, TemplateBody=body, **call)
        return self.ended() if wait else ""

    def delete(self, *, wait: bool = True, **more: Any) -> str:
        self.cfn.delete_stack(StackName=self.id, **more)
        return self.ended() if wait else ""

    def now(self) -> Doc:
        return self.cfn.describe_stacks(StackName=self.id or self.name)["Stacks"][0]

    def ended(self, timeout_s: float = 30) -> str:
        """The status once nothing goes on."""

        def look() -> str | None:
            status = self.now()["StackStatus"]
            return None if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS" else status

        return wait_until(look, timeout_s, every_s=0.02, what=f"the end of {self.name}")

    def events(self) -> list[Doc]:
        """From the oldest on."""
        pages = self.cfn.get_paginator("describe_stack_events").paginate(StackName=self.id)
        return [event for page in pages for event in page["StackEvents"]][::-1]

    def history(self, logical_id: str | None = None) -> list[str]:
        """The statuses of one resource, or of the stack itself."""
        wanted = logical_id or self.name
        return [one["ResourceStatus"] for one in self.events() if one["LogicalResourceId"] == wanted]

    def reasons(self, status: str) -> list[str]:
        return [one.get("ResourceStatusReason", "") for one in self.events() if one["ResourceStatus"] == status]

    def outputs(self) -> dict[str, str]:
        return {one["OutputKey"]: one["OutputValue"] for one in self.now().get("Outputs", [])}

    def resources(self) -> dict[str, Doc]:
        pages = self.cfn.get_paginator("list_stack_resources").paginate(StackName=self.id)
        return {one["LogicalResourceId"]: one for page in pages for one in page["StackResourceSummaries"]}

    def physical(self, logical_id: str) -> str:
        return self.resources()[logical_id]["PhysicalResourceId"]


_SECTIONS = ("Outputs", "Mappings", "Conditions", "Rules", "Transform", "Metadata", "Description")


def _split(more: Doc) -> tuple[Doc, Doc]:
    """Template sections, and members of the call. `Parameters` as a dict is the template's section."""
    sections = {key: value for key, value in more.items() if key in _SECTIONS}
    call = {key: value for key, value in more.items() if key not in _SECTIONS}
    if isinstance(call.get("Parameters"), dict):
        sections["Parameters"] = call.pop("Parameters")
    if "given" in call:
        call["Parameters"] = [{"ParameterKey": k, "ParameterValue": v} for k, v in call.pop("given").items()]
    return sections, call
