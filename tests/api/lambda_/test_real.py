"""Functions in containers, with AWS's runtime interface clients and SDKs."""

import json

import pytest
from tests.api.lambda_.conftest import zipped
from tests.support.roles import service_role

from trunkline.engines.networks.linux import missing

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

PYTHON = """
import os
import boto3

def handler(event, context):
    try:
        open("/var/task/mine", "w")
    except OSError as error:
        why = error.strerror
    open("/tmp/mine", "w").write("x")
    return {
        "who": boto3.client("sts").get_caller_identity()["Arn"],
        "buckets": [b["Name"] for b in boto3.client("s3").list_buckets()["Buckets"]],
        "user": os.getuid(),
        "why": why,
    }
"""
MODULE = """
import { SSMClient } from "@aws-sdk/client-ssm";
export const handler = (event, context, callback) => callback(null, [typeof SSMClient, context.functionName]);
"""
# As the CDK's handlers do it: only the host and the path of the ResponseURL, over TLS.
NODE_PROVIDER = """
const https = require("https");
exports.handler = async (event) => {
  const url = new URL(event.ResponseURL);
  const body = JSON.stringify({
    Status: "SUCCESS", PhysicalResourceId: "node", StackId: event.StackId, RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId, Data: { Twice: 2 * Number(event.ResourceProperties.N) },
  });
  const headers = { "content-type": "", "content-length": Buffer.byteLength(body, "utf8") };
  await new Promise((resolve, reject) => {
    const options = { hostname: url.hostname, path: url.pathname + url.search, method: "PUT", headers };
    const request = https.request(options, (response) => { response.resume(); resolve(response.statusCode); });
    request.on("error", reject);
    request.end(body);
  });
};
"""
PYTHON_PROVIDER = """
import cfnresponse
def handler(event, context):
    cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Said": "hello"})
"""


@pytest.fixture(scope="module")
def role(real_server):
    return service_role(real_server.client, "real-functions", "lambda")


@pytest.fixture
def run(real, role, name):
    """`run(runtime, event, index__py=source)` is what the function answers."""
    made = []

    def call(runtime: str, event: dict, **files: str):
        lam = real("lambda")
        function = f"{name}-{len(made)}"
        code = {"ZipFile": zipped(**files)}
        lam.create_function(
            FunctionName=function, Runtime=runtime, Handler="index.handler", Role=role, Code=code, Timeout=20
        )
        made.append(function)
        answer = lam.invoke(FunctionName=function, Payload=json.dumps(event))
        document = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, document
        return document

    yield call
    for function in made:
        real("lambda").delete_function(FunctionName=function)


def test_python_acts_as_its_role_and_writes_only_where_it_may(real, run, name):
    real("s3").create_bucket(Bucket=name)
    answer = run("python3.13", {}, index__py=PYTHON)
    assert ":assumed-role/real-functions/" in answer["who"]
    assert name in answer["buckets"]
    assert (answer["user"], answer["why"]) == (993, "Read-only file system")


def test_node_runs_modules_and_callbacks_and_has_the_sdk(run):
    kind, name = run("nodejs22.x", {}, index__mjs=MODULE)
    assert kind == "function" and name.startswith("t-")


def test_custom_resources_of_both_languages_tell_their_stack(real, role, name):
    def function(runtime: str, source: str) -> dict:
        code = {"ZipFile": source}
        given = {"Runtime": runtime, "Handler": "index.handler", "Role": role, "Timeout": 30, "Code": code}
        return {"Type": "AWS::Lambda::Function", "Properties": given}

    def resource(provider: str, **properties) -> dict:
        token = {"Fn::GetAtt": [provider, "Arn"]}
        return {"Type": "Custom::Thing", "Properties": {"ServiceToken": token, **properties}}

    template = {
        "Resources": {
            "Node": function("nodejs20.x", NODE_PROVIDER),
            "Python": function("python3.12", PYTHON_PROVIDER),
            "OfNode": resource("Node", N=21),
            "OfPython": resource("Python"),
        },
        "Outputs": {
            "Twice": {"Value": {"Fn::GetAtt": ["OfNode", "Twice"]}},
            "Said": {"Value": {"Fn::GetAtt": ["OfPython", "Said"]}},
        },
    }
    cloudformation = real("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    often = {"Delay": 1, "MaxAttempts": 60}
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=often)
    outputs = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    assert {one["OutputKey"]: one["OutputValue"] for one in outputs} == {"Twice": "42", "Said": "hello"}
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=often)


IN_VPC = """
import socket
import boto3

def handler(event, context):
    try:
        socket.create_connection((event["to"], 9), 1).close()
        way_out = "open"
    except ConnectionRefusedError:
        way_out = "open"
    except OSError as error:
        way_out = str(error)
    who = boto3.client("sts").get_caller_identity()["Arn"]
    return [socket.gethostbyname(socket.gethostname()), who, way_out]
"""


@pytest.mark.skipif(missing() is not None, reason=str(missing()))
def test_a_function_in_a_vpc_has_an_interface_of_its_subnet_and_no_other_way_out(real, role, name):
    ec2, lam = real("ec2"), real("lambda")
    vpc = ec2.create_vpc(CidrBlock="10.91.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.91.7.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName=name, Description="functions", VpcId=vpc)["GroupId"]
    lam.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Handler="index.handler",
        Role=role,
        Code={"ZipFile": zipped(index__py=IN_VPC)},
        Timeout=20,
        VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [group]},
    )
    answer = lam.invoke(FunctionName=name, Payload=json.dumps({"to": "198.51.100.7"}))
    address, who, way_out = json.loads(answer["Payload"].read())
    assert address.startswith("10.91.7.") and ":assumed-role/real-functions/" in who
    assert way_out != "open"
    theirs = [{"Name": "vpc-id", "Values": [vpc]}]
    found = ec2.describe_network_interfaces(Filters=theirs)["NetworkInterfaces"]
    assert [one["PrivateIpAddress"] for one in found] == [address]
    lam.delete_function(FunctionName=name)
    assert ec2.describe_network_interfaces(Filters=theirs)["NetworkInterfaces"] == []
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
