"""Stacks of 30 resources: created, updated with replacements, updated in vain, deleted; each a scenario of its own.

Whatever commit the server dies at, the stack reaches the same end, and no parameter is left that no stack owns.
"""

import json
from typing import Any

from tests.faults.kills import counts
from tests.faults.site import client, unfinished
from tests.support.server import Server

Doc = dict[str, Any]
NAME = "thirty"
COUNT = 30
TAKEN = "/taken"


def parameter(value: Any, **more: Any) -> Doc:
    properties = {"Type": "String", "Value": value, **{key: item for key, item in more.items() if key == "Name"}}
    rest = {key: item for key, item in more.items() if key != "Name"}
    return {"Type": "AWS::SSM::Parameter", "Properties": properties, **rest}


def template(changed: bool = False, broken: bool = False) -> str:
    """Chains of three: A, B that refers to A, C that refers to B. The change replaces every second A, updates the
    others, drops the last chain and adds one; broken, one resource at the end cannot be made."""
    resources: Doc = {}
    chains = range(COUNT // 3) if not changed else [*range(COUNT // 3 - 1), 99]
    for number in chains:
        name = {"Name": f"/new/{number}"} if changed and number % 2 else {}
        resources[f"A{number}"] = parameter(f"{'new' if changed else 'old'}", **name)
        resources[f"B{number}"] = parameter({"Ref": f"A{number}"})
        resources[f"C{number}"] = parameter({"Fn::Sub": f"${{B{number}}} {'x' if changed else 'y'}"})
    if broken:
        resources["Bad"] = parameter("v", Name=TAKEN, DependsOn=[name for name in resources if name[0] == "C"])
    return json.dumps({"Resources": resources, "Outputs": {"O": {"Value": {"Ref": "C0"}, "Export": {"Name": "o"}}}})


class Stack:
    """What the scenarios share; `ends` are the statuses at which the run is over."""

    name = "cloudformation"
    timeout_s = 60.0
    ends: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.settings: Doc = {"containers": "fake", "proxy": "fake", "log_level": "info"}
        self.id = ""

    def prepare(self, server: Server) -> None:
        client(server, "ssm").put_parameter(Name=TAKEN, Value="x", Type="String")
        self.id = client(server, "cloudformation").create_stack(StackName=NAME, TemplateBody=template())["StackId"]
        client(server, "cloudformation").get_waiter("stack_create_complete").wait(
            StackName=NAME, WaiterConfig={"Delay": 0.1}
        )

    def begin(self, server: Server) -> None:
        raise NotImplementedError

    def status(self, server: Server) -> str:
        wanted = self.id or NAME
        found = [
            one
            for one in client(server, "cloudformation").list_stacks()["StackSummaries"]
            if wanted in (one["StackId"], one["StackName"])
        ]
        return str(found[0]["StackStatus"]) if found else ""

    def has_begun(self, server: Server) -> bool:
        return self.status(server) not in ("", "CREATE_COMPLETE")

    def has_ended(self, server: Server) -> bool:
        return self.status(server) in self.ends and not unfinished(server)

    def end(self, server: Server) -> Doc:
        cfn, ssm = client(server, "cloudformation"), client(server, "ssm")
        stack_id = next(one["StackId"] for one in cfn.list_stacks()["StackSummaries"] if one["StackName"] == NAME)
        listed = [
            one
            for page in cfn.get_paginator("list_stack_resources").paginate(StackName=stack_id)
            for one in page["StackResourceSummaries"]
        ]
        living = [one for one in listed if one["ResourceStatus"] != "DELETE_COMPLETE"]
        pages = ssm.get_paginator("describe_parameters").paginate()
        there = {one["Name"] for page in pages for one in page["Parameters"]} - {TAKEN}
        owned = {one["PhysicalResourceId"] for one in living}
        values = counts(
            " ".join(piece if not piece.startswith(NAME) else "ref" for piece in found["Value"].split())
            for start in range(0, len(there), 10)
            for found in ssm.get_parameters(Names=sorted(there)[start : start + 10])["Parameters"]
        )
        events = [
            one
            for page in cfn.get_paginator("describe_stack_events").paginate(StackName=stack_id)
            for one in page["StackEvents"]
        ]
        return {
            "status": self.status(server),
            "resources": counts(one["LogicalResourceId"] for one in living),
            "orphans": len(there - owned),
            "missing": len(owned - there),
            "values": values,
            "stack_events": [one["ResourceStatus"] for one in events if one["LogicalResourceId"] == NAME],
            "completed": counts(
                f"{one['LogicalResourceId']} {one['ResourceStatus']}"
                for one in events
                if one["ResourceStatus"].endswith("_COMPLETE")
            ),
            "unfinished_workflows": unfinished(server),
        }


class Create(Stack):
    name = "cloudformation-create"
    ends = ("CREATE_COMPLETE", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")

    def prepare(self, server: Server) -> None:
        client(server, "ssm").put_parameter(Name=TAKEN, Value="x", Type="String")

    def begin(self, server: Server) -> None:
        client(server, "cloudformation").create_stack(StackName=NAME, TemplateBody=template())

    def has_begun(self, server: Server) -> bool:
        return bool(self.status(server))


class Update(Stack):
    name = "cloudformation-update"
    ends = ("UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED")

    def begin(self, server: Server) -> None:
        client(server, "cloudformation").update_stack(StackName=NAME, TemplateBody=template(changed=True))


class FailedUpdate(Update):
    name = "cloudformation-failed-update"

    def begin(self, server: Server) -> None:
        body = template(changed=True, broken=True)
        client(server, "cloudformation").update_stack(StackName=NAME, TemplateBody=body)


class Delete(Stack):
    name = "cloudformation-delete"
    ends = ("DELETE_COMPLETE", "DELETE_FAILED")

    def begin(self, server: Server) -> None:
        client(server, "cloudformation").delete_stack(StackName=NAME)


class Nested(Create):
    """A parent with two nested stacks, the second of which needs the first: made, and then rolled back by a failure."""

    name = "cloudformation-nested"

    def prepare(self, server: Server) -> None:
        super().prepare(server)
        s3 = client(server, "s3")
        s3.create_bucket(Bucket="children")
        body = {
            "Parameters": {"P": {"Type": "String"}},
            "Resources": {"A": parameter({"Ref": "P"}), "B": parameter({"Ref": "A"})},
            "Outputs": {"O": {"Value": {"Ref": "B"}}},
        }
        s3.put_object(Bucket="children", Key="child.json", Body=json.dumps(body).encode())

    def begin(self, server: Server) -> None:
        url = f"{server.endpoint}/children/child.json"

        def child(value: Any) -> Doc:
            properties = {"TemplateURL": url, "Parameters": {"P": value}}
            return {"Type": "AWS::CloudFormation::Stack", "Properties": properties}

        resources = {
            "First": child("v"),
            "Second": child({"Fn::GetAtt": ["First", "Outputs.O"]}),
            "Bad": parameter("v", Name=TAKEN, DependsOn="Second"),
        }
        body = json.dumps({"Resources": resources})
        client(server, "cloudformation").create_stack(StackName=NAME, TemplateBody=body)

    def end(self, server: Server) -> Doc:
        found = super().end(server)
        stacks = client(server, "cloudformation").list_stacks()["StackSummaries"]
        found["stacks"] = counts(one["StackStatus"] for one in stacks)
        return found


SCENARIOS = {one.name: one for one in (Create, Update, FailedUpdate, Delete, Nested)}
