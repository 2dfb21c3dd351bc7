"""Stack sets over the regions and accounts that exist here."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.server import ACCOUNT, wait_until
from tests.support.stacks import parameter, template

REGIONS = ["us-east-1", "eu-west-1"]


@pytest.fixture(scope="module", autouse=True)
def roles(aws):
    """The two roles of the self-managed model, in the one account there is."""
    iam = aws("iam")
    administration = f"arn:aws:iam::{ACCOUNT}:role/AWSCloudFormationStackSetAdministrationRole"
    trusts = {
        "AWSCloudFormationStackSetAdministrationRole": ({"Service": "cloudformation.amazonaws.com"}, "sts:AssumeRole"),
        "AWSCloudFormationStackSetExecutionRole": ({"AWS": administration}, "*"),
    }
    for name, (principal, action) in trusts.items():
        trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        allow = {"Effect": "Allow", "Action": action, "Resource": "*"}
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=_policy(allow))


def _policy(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


BODY = template(
    {"P": parameter({"Ref": "Value"}, Name={"Fn::Sub": "/${AWS::StackName}/p"})},
    Parameters={"Value": {"Type": "String", "Default": "v"}},
)


@pytest.fixture
def cfn(aws):
    return aws("cloudformation")


def ended(cfn, name, operation):
    def look():
        found = cfn.describe_stack_set_operation(StackSetName=name, OperationId=operation)["StackSetOperation"]
        return found if found["Status"] not in ("RUNNING", "STOPPING", "QUEUED") else None

    return wait_until(look, what="the operation's end")


def instances(cfn, name):
    return {one["Region"]: one for one in cfn.list_stack_instances(StackSetName=name)["Summaries"]}


def values(server, cfn, name):
    found = {}
    for region, one in instances(cfn, name).items():
        ssm = server.client("ssm", region=region)
        stack = one["StackId"].split("/")[1]
        found[region] = ssm.get_parameter(Name=f"/{stack}/p")["Parameter"]["Value"]
    return found


def test_a_stack_sets_life(server, cfn, name):
    cfn.create_stack_set(StackSetName=name, TemplateBody=BODY, Tags=[{"Key": "k", "Value": "t"}])
    made = cfn.create_stack_instances(StackSetName=name, Accounts=[ACCOUNT], Regions=REGIONS)["OperationId"]
    assert ended(cfn, name, made)["Status"] == "SUCCEEDED"
    assert values(server, cfn, name) == dict.fromkeys(REGIONS, "v")
    results = cfn.list_stack_set_operation_results(StackSetName=name, OperationId=made)["Summaries"]
    assert {(one["Region"], one["Status"]) for one in results} == {(region, "SUCCEEDED") for region in REGIONS}
    override = [{"ParameterKey": "Value", "ParameterValue": "own"}]
    changed = cfn.update_stack_instances(
        StackSetName=name, Accounts=[ACCOUNT], Regions=["eu-west-1"], ParameterOverrides=override
    )["OperationId"]
    ended(cfn, name, changed)
    given = [{"ParameterKey": "Value", "ParameterValue": "all"}]
    updated = cfn.update_stack_set(StackSetName=name, UsePreviousTemplate=True, Parameters=given)["OperationId"]
    assert ended(cfn, name, updated)["Status"] == "SUCCEEDED"
    assert values(server, cfn, name) == {"us-east-1": "all", "eu-west-1": "own"}
    described = cfn.describe_stack_instance(
        StackSetName=name, StackInstanceAccount=ACCOUNT, StackInstanceRegion="eu-west-1"
    )["StackInstance"]
    assert (described["Status"], described["ParameterOverrides"]) == ("CURRENT", override)
    with pytest.raises(ClientError, match="StackSetNotEmpty"):
        cfn.delete_stack_set(StackSetName=name)
    deleted = cfn.delete_stack_instances(StackSetName=name, Accounts=[ACCOUNT], Regions=REGIONS, RetainStacks=False)[
        "OperationId"
    ]
    assert ended(cfn, name, deleted)["Status"] == "SUCCEEDED"
    assert instances(cfn, name) == {}
    listed = cfn.list_stack_set_operations(StackSetName=name)["Summaries"]
    assert [one["Action"] for one in listed] == ["DELETE", "UPDATE", "UPDATE", "CREATE"]
    cfn.delete_stack_set(StackSetName=name)
    with pytest.raises(ClientError, match="StackSetNotFound"):
        cfn.describe_stack_set(StackSetName=name)


def test_a_failure_stops_the_regions_behind_it(server, cfn, name):
    taken = f"/{name}/taken"
    server.client("ssm", region="us-east-1").put_parameter(Name=taken, Value="x", Type="String")
    cfn.create_stack_set(StackSetName=name, TemplateBody=template({"P": parameter(Name=taken)}))
    made = cfn.create_stack_instances(
        StackSetName=name,
        Accounts=[ACCOUNT],
        Regions=REGIONS,
        OperationPreferences={"RegionOrder": ["us-east-1", "eu-west-1"]},
    )["OperationId"]
    found = ended(cfn, name, made)
    assert (found["Status"], found["StatusDetails"]["FailedStackInstancesCount"]) == ("FAILED", 1)
    statuses = {region: one["StackInstanceStatus"]["DetailedStatus"] for region, one in instances(cfn, name).items()}
    assert statuses == {"us-east-1": "FAILED", "eu-west-1": "CANCELLED"}


def test_drift_of_a_stack_set_names_the_instances_that_drifted(server, cfn, name):
    cfn.create_stack_set(StackSetName=name, TemplateBody=BODY)
    made = cfn.create_stack_instances(StackSetName=name, Accounts=[ACCOUNT], Regions=REGIONS)["OperationId"]
    ended(cfn, name, made)
    stack = instances(cfn, name)["eu-west-1"]["StackId"].split("/")[1]
    ssm = server.client("ssm", region="eu-west-1")
    ssm.put_parameter(Name=f"/{stack}/p", Value="by hand", Type="String", Overwrite=True)
    detection = cfn.detect_stack_set_drift(StackSetName=name)["OperationId"]
    ended(cfn, name, detection)
    assert {region: one["DriftStatus"] for region, one in instances(cfn, name).items()} == {
        "us-east-1": "IN_SYNC",
        "eu-west-1": "DRIFTED",
    }
    details = cfn.describe_stack_set(StackSetName=name)["StackSet"]["StackSetDriftDetectionDetails"]
    assert (details["DriftStatus"], details["DriftedStackInstancesCount"]) == ("DRIFTED", 1)
    found = cfn.list_stack_instance_resource_drifts(
        StackSetName=name,
        StackInstanceAccount=ACCOUNT,
        StackInstanceRegion="eu-west-1",
        OperationId=detection,
    )["Summaries"]
    assert [(one["LogicalResourceId"], one["StackResourceDriftStatus"]) for one in found] == [("P", "MODIFIED")]
    assert found[0]["PropertyDifferences"][0]["PropertyPath"] == "/Value"


def test_without_the_execution_role_the_operation_says_what_is_missing(cfn, name):
    cfn.create_stack_set(StackSetName=name, TemplateBody=BODY, ExecutionRoleName="nobody")
    made = cfn.create_stack_instances(StackSetName=name, Accounts=[ACCOUNT], Regions=["us-east-1"])["OperationId"]
    assert ended(cfn, name, made)["Status"] == "FAILED"
    reason = cfn.list_stack_set_operation_results(StackSetName=name, OperationId=made)["Summaries"][0]["StatusReason"]
    assert reason.startswith(f"Account {ACCOUNT} should have 'nobody' role with trust relationship to Role")


def test_what_needs_an_organization_is_refused(cfn, name):
    with pytest.raises(ClientError, match="SELF_MANAGED"):
        cfn.create_stack_set(StackSetName=name, TemplateBody=BODY, PermissionModel="SERVICE_MANAGED")
    cfn.create_stack_set(StackSetName=name, TemplateBody=BODY)
    with pytest.raises(ClientError, match="NameAlreadyExists"):
        cfn.create_stack_set(StackSetName=name, TemplateBody=BODY)
    with pytest.raises(ClientError, match="OperationNotFound"):
        cfn.describe_stack_set_operation(StackSetName=name, OperationId="none")
    assert name in {one["StackSetName"] for one in cfn.list_stack_sets(Status="ACTIVE")["Summaries"]}
