"""The life of a sample as a stack on a running server, with everything that must hold on the way.

Create, no drift, every attribute by GetAtt; every mutable property changed behind the stack's back, found, attributed
to the very call and put back; every one changed by an update; delete, and nothing is left. What does not hold is told
as a list of sentences, so that one run shows everything.
"""

import json
import time
import uuid
from typing import Any

from botocore.exceptions import ClientError

from tests.support.resource_samples import Sample, type_of
from tests.support.server import Server
from trunkline.aws import schemas

_TIMEOUT_S = 60
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
SAMPLED = "Sampled"


class Life:
    """One sample's."""

    def __init__(self, server: Server, clients: Any, key: str, sample: Sample) -> None:
        self.server = server
        self.cloudformation = clients("cloudformation")
        self.control = clients("cloudcontrol")
        self.key = key
        self.type = type_of(key)
        self.sample = sample
        self.stack = f"life-{uuid.uuid4().hex[:10]}"
        self.wrong: list[str] = []
        self.changed = 0  # properties changed behind the stack's back
        self.found = 0
        self.attributed = 0

    def run(self) -> "Life":
        """Afterwards `wrong` says what does not hold."""
        try:
            outcome = self._apply(self.cloudformation.create_stack, self.sample.properties, self._outputs())
            if outcome:
                self.wrong.append(f"create: {outcome}")
            else:
                self._live()
        except (ClientError, AssertionError, LookupError) as error:
            self.wrong.append(f"{type(error).__name__}: {error}")
        finally:
            self._end()
        return self

    def _live(self) -> None:
        self._in_sync("straight after the create")
        self.values = {one["OutputKey"]: one["OutputValue"] for one in self._described().get("Outputs", ())}
        summaries = self.cloudformation.list_stack_resources(StackName=self.stack)["StackResourceSummaries"]
        self.physical = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in summaries}
        given, updates = self.sample.properties, self.sample.updates
        for name in (one for one in updates if one in given):
            self._behind_its_back(name, [{"op": "add", "path": f"/{name}", "value": self._resolved(updates[name])}])
        added = [name for name in updates if name not in given]
        if not updates:
            return
        if not self._apply(self.cloudformation.update_stack, {**given, **updates}):
            self._in_sync("after an update of everything")
            for name in added:
                self._behind_its_back(name, [{"op": "remove", "path": f"/{name}"}])
            return
        for name, value in updates.items():  # they do not go together
            outcome = self._apply(self.cloudformation.update_stack, {**given, name: value})
            if outcome:
                self.wrong.append(f"update of {name}: {outcome}")
                continue
            self._in_sync(f"after an update of {name}")
            if name in added:
                self._behind_its_back(name, [{"op": "remove", "path": f"/{name}"}])

    # by the stack ----------------------------------------------------------------------------------------------------

    def _apply(self, operation: Any, properties: dict[str, Any], outputs: dict[str, Any] | None = None) -> str:
        """Why it failed, or nothing."""
        if outputs is not None:
            self._given_outputs = outputs
        resources = {name: {"Type": kind, "Properties": needed} for name, (kind, needed) in self.sample.needs.items()}
        # What it needs but does not refer to (a bucket's policy) comes first too.
        resources[SAMPLED] = {"Type": self.type, "Properties": properties, "DependsOn": list(self.sample.needs)}
        template = {"Resources": resources, "Outputs": self._given_outputs}
        body = json.dumps(template)
        try:
            operation(StackName=self.stack, TemplateBody=body, Capabilities=_CAPABILITIES)
        except ClientError as error:
            message = error.response["Error"]["Message"]
            return "" if "No updates are to be performed" in message else message
        status = self._settled()
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return ""
        events = self.cloudformation.describe_stack_events(StackName=self.stack)["StackEvents"]
        failed = [one for one in events if one["ResourceStatus"].endswith("_FAILED")]
        reasons = [one.get("ResourceStatusReason") for one in failed[:2]]
        told = next((one.get("ResourceStatusReason") for one in events if "ROLLBACK_IN" in one["ResourceStatus"]), "")
        return f"{status}: {reasons or told}"

    def _outputs(self) -> dict[str, Any]:
        """Every attribute of the sampled resource, and every reference that its updates make."""
        schema = schemas.load(self.type)
        found: dict[str, Any] = {}
        for name in schema.attributes if schema else ():
            holder = name.split(".", 1)[0]
            if name in self.sample.without or holder in self.sample.without:
                continue
            if (holder,) not in schema.read_only and holder not in self.sample.properties:
                continue  # a part of what it was not given
            value: Any = {"Fn::GetAtt": [SAMPLED, name]}
            if _is_list(schema, name):
                value = {"Fn::Join": [",", value]}
            elif not _is_scalar(schema, name):
                continue
            found[f"Attribute{_letters(name)}"] = {"Value": value}
        for reference in _references(self.sample.updates):
            found[_output(reference)] = {"Value": reference}
        return found

    # behind its back -------------------------------------------------------------------------------------------------

    def _controlled(self) -> bool:
        """Whether the resource can be changed through Cloud Control."""
        schema = schemas.load(self.type)
        return schema is not None and not self.type.startswith("AWS::CloudFormation::")

    def _behind_its_back(self, name: str, patch: list[dict[str, Any]]) -> None:
        schema = schemas.load(self.type)
        if not self._controlled() or name in self.sample.moves or (schema and (name,) in schema.write_only):
            return  # AWS never shows it
        before = self.server.page("events?after=999999999&limit=1")["last"]
        try:
            self._patch(patch)
        except (ClientError, AssertionError) as error:
            self.wrong.append(f"out-of-band change of {name}: {error}")
            return
        self.changed += 1
        found = [one for one in self._drifted() for one in one["differences"] if one["path"].split("/")[1] == name]
        if not found:
            self.wrong.append(f"out-of-band change of {name} was not found")
        self.found += bool(found)
        self.attributed += bool(found) and all(one["cause"] and one["cause"]["seq"] > before for one in found)
        for one in found:
            cause = one["cause"]
            if cause is None:
                self.wrong.append(f"nobody is named for {one['path']}")
            elif cause["seq"] <= before:
                why = f"an earlier call, {cause['operation']} ({cause['seq']}, not after {before})"
                self.wrong.append(f"{one['path']} {one['expected']} -> {one['actual']} is put down to {why}")
        reverted = self.server.page(f"drift/revert?stack={self.stack}", "POST")["resources"]
        self.wrong += [f"revert of {name}: {one['why']}" for one in reverted if not one["reverted"]]

    def _patch(self, patch: list[dict[str, Any]]) -> None:
        answer = self.control.update_resource(
            TypeName=self.type, Identifier=self._identifier(), PatchDocument=json.dumps(patch)
        )
        token = answer["ProgressEvent"]["RequestToken"]
        deadline = time.monotonic() + _TIMEOUT_S
        while True:
            event = self.control.get_resource_request_status(RequestToken=token)["ProgressEvent"]
            if event["OperationStatus"] in ("SUCCESS", "FAILED"):
                break
            assert time.monotonic() < deadline, "the request does not end"
            time.sleep(0.03)
        assert event["OperationStatus"] == "SUCCESS", event.get("StatusMessage")

    def _identifier(self) -> str:
        """Cloud Control takes the physical id for what it is, where its identifier has more parts."""
        return self.physical[SAMPLED]

    def _drifted(self) -> list[dict[str, Any]]:
        (report,) = self.server.page(f"drift?stack={self.stack}")["stacks"]
        if report["failed"]:
            self.wrong.append(f"detection: {report['failed']}")
        return report["drifted"]

    def _in_sync(self, when: str) -> None:
        for one in self._drifted():
            told = [f"{d['path']} {d['kind']} {d['expected']} -> {d['actual']}" for d in one["differences"]]
            self.wrong.append(f"drift {when}: {one['logical_id']} {one['status']} {told}")

    # the end ---------------------------------------------------------------------------------------------------------

    def _end(self) -> None:
        if not self._there():
            return
        identifier = getattr(self, "physical", {}).get(SAMPLED)
        self.cloudformation.delete_stack(StackName=self.stack)
        status = self._settled()
        if status != "DELETE_COMPLETE":
            events = self.cloudformation.describe_stack_events(StackName=self.stack)["StackEvents"]
            why = [one.get("ResourceStatusReason") for one in events if one["ResourceStatus"] == "DELETE_FAILED"]
            self.wrong.append(f"delete: {status} {why[:2]}")
        elif identifier and self._controlled():
            try:
                self.control.get_resource(TypeName=self.type, Identifier=identifier)
                self.wrong.append("it is still there after its stack's delete")
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code != "ResourceNotFoundException":
                    self.wrong.append(f"get_resource of what is deleted: {code}")

    def _there(self) -> bool:
        try:
            return bool(self._described())
        except ClientError:
            return False

    def _described(self) -> dict[str, Any]:
        return self.cloudformation.describe_stacks(StackName=self.stack)["Stacks"][0]

    def _settled(self) -> str:
        deadline = time.monotonic() + _TIMEOUT_S
        while True:
            try:
                status = self._described()["StackStatus"]
            except ClientError:
                return "DELETE_COMPLETE"
            if not status.endswith("_IN_PROGRESS"):
                return status
            assert time.monotonic() < deadline, f"the stack stays {status}"
            time.sleep(0.03)

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._resolved(item) for item in value]
        if not isinstance(value, dict):
            return value
        if _is_reference(value):
            return self.values[_output(value)]
        if set(value) == {"Fn::Join"}:
            between, pieces = value["Fn::Join"]
            return between.join(str(self._resolved(piece)) for piece in pieces)
        return {key: self._resolved(item) for key, item in value.items()}


def _is_reference(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("Ref", "Fn::GetAtt", "Fn::Sub")


def _references(value: Any) -> list[dict[str, Any]]:
    if _is_reference(value):
        return [value]
    if isinstance(value, dict):
        return [one for item in value.values() for one in _references(item)]
    if isinstance(value, list):
        return [one for item in value for one in _references(item)]
    return []


def _output(reference: dict[str, Any]) -> str:
    (argument,) = reference.values()
    return "Reference" + _letters(json.dumps(argument))


def _letters(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())


def _node(schema: schemas.Schema, name: str) -> dict[str, Any]:
    node: dict[str, Any] = schema.root
    for piece in name.split("."):
        node = schema.resolve(schema.member(node, piece) or {})
    return node


def _is_list(schema: schemas.Schema, name: str) -> bool:
    node = _node(schema, name)
    return node.get("type") == "array" and (schema.items(node) or {}).get("type") == "string"


def _is_scalar(schema: schemas.Schema, name: str) -> bool:
    return _node(schema, name).get("type") in ("string", "integer", "number", "boolean")
