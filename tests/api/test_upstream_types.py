"""Resource types that Trunkline does not have: refused by name, or made by the upstream endpoint's Cloud Control."""

import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import ClientError
from tests.support.server import Server, wait_until

TABLE = "AWS::DynamoDB::Table"
TEMPLATE = {
    "Resources": {
        "Table": {
            "Type": TABLE,
            "Properties": {"TableName": "orders", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]},
        },
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Table"}}},
    },
    "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Table", "Arn"]}}},
}


class CloudControl:
    """As much of it as a table needs; `tables` is what there is, `calls` what was asked."""

    def __init__(self):
        self.tables, self.calls = {}, []

    def answer(self, operation, request):
        self.calls.append(operation)
        if operation == "CreateResource":
            assert request["TypeName"] == TABLE
            state = json.loads(request["DesiredState"])
            self.tables[state["TableName"]] = {**state, "Arn": f"arn:aws:dynamodb:::table/{state['TableName']}"}
            self.pending = state["TableName"]
            return self.event("IN_PROGRESS")
        if operation == "GetResourceRequestStatus":
            return self.event("SUCCESS")
        name = request["Identifier"]
        if name not in self.tables:
            return None
        if operation == "GetResource":
            return {"ResourceDescription": {"Identifier": name, "Properties": json.dumps(self.tables[name])}}
        if operation == "DeleteResource":
            del self.tables[name]
        if operation == "UpdateResource":
            for change in json.loads(request["PatchDocument"]):
                self.tables[name][change["path"][1:]] = change["value"]
        return self.event("SUCCESS", name)

    def event(self, status, name=None):
        event = {"OperationStatus": status, "RequestToken": str(uuid.uuid4()), "Identifier": name or self.pending}
        return {"ProgressEvent": event}


@pytest.fixture
def upstream():
    control = CloudControl()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            found = control.answer(self.headers["x-amz-target"].split(".")[1], request)
            body = json.dumps(found or {"__type": "ResourceNotFoundException", "message": "not found"}).encode()
            self.send_response(200 if found else 400)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listener.server_port}", control
    listener.shutdown()
    listener.server_close()


def status(cloudformation):
    return cloudformation.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"]


def test_a_type_that_is_not_here_lives_at_the_upstream(tmp_path, upstream):
    url, control = upstream
    with Server(tmp_path / "data", upstream=url) as server:
        cloudformation = server.client("cloudformation")
        cloudformation.create_stack(StackName="s", TemplateBody=json.dumps(TEMPLATE))
        cloudformation.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig={"Delay": 0.1})
        outputs = cloudformation.describe_stacks(StackName="s")["Stacks"][0]["Outputs"]
        assert outputs[0]["OutputValue"] == "arn:aws:dynamodb:::table/orders"
        assert server.page("drift?stack=s")["stacks"][0]["drifted"] == []

        control.tables["orders"]["BillingMode"] = "PROVISIONED"
        template = json.loads(json.dumps(TEMPLATE))
        template["Resources"]["Table"]["Properties"]["BillingMode"] = "PAY_PER_REQUEST"
        cloudformation.update_stack(StackName="s", TemplateBody=json.dumps(template))
        cloudformation.get_waiter("stack_update_complete").wait(StackName="s", WaiterConfig={"Delay": 0.1})
        assert control.tables["orders"]["BillingMode"] == "PAY_PER_REQUEST"

        control.tables["orders"]["BillingMode"] = "PROVISIONED"
        (found,) = server.page("drift?stack=s")["stacks"][0]["drifted"]
        assert (found["logical_id"], found["differences"][0]["path"]) == ("Table", "/BillingMode")

        cloudformation.delete_stack(StackName="s")
        cloudformation.get_waiter("stack_delete_complete").wait(StackName="s", WaiterConfig={"Delay": 0.1})
        assert control.tables == {}


def test_without_an_upstream_it_is_refused_by_name(aws, name):
    with pytest.raises(ClientError) as error:
        aws("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(TEMPLATE))
    assert TABLE in error.value.response["Error"]["Message"]


def test_an_upstream_that_is_down_fails_the_stack_and_says_so(tmp_path):
    with Server(tmp_path / "data", upstream="http://127.0.0.1:1") as server:
        cloudformation = server.client("cloudformation")
        cloudformation.create_stack(StackName="s", TemplateBody=json.dumps(TEMPLATE))
        wait_until(lambda: status(cloudformation) == "ROLLBACK_COMPLETE", what="the rollback")
        events = cloudformation.describe_stack_events(StackName="s")["StackEvents"]
        assert any("does not answer" in one.get("ResourceStatusReason", "") for one in events)
