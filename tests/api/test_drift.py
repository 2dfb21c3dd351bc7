"""Drift of stacks: found, explained, put back; through the API, the pages and the command."""

import json
import subprocess
import sys
import time

import pytest
from tests.support.server import ACCESS_KEY, SECRET_KEY, wait_until

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
TEMPLATE = {
    "Resources": {
        "Topic": {
            "Type": "AWS::SNS::Topic",
            "Properties": {"DisplayName": "one", "Tags": [{"Key": "a", "Value": "b"}]},
        },
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": "5", "MessageRetentionPeriod": 3600}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
    }
}


@pytest.fixture
def stack(aws, name):
    """A stack's name and its physical ids by logical id."""
    cloudformation = aws("cloudformation")
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(TEMPLATE),
        Capabilities=["CAPABILITY_IAM"],
        Tags=[{"Key": "team", "Value": "x"}],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})
    found = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    yield name, {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}
    cloudformation.delete_stack(StackName=name)


def detected(aws, name, **more):
    cloudformation = aws("cloudformation")
    started = cloudformation.detect_stack_drift(StackName=name, **more)

    def ended():
        found = cloudformation.describe_stack_drift_detection_status(**started_id)
        return found if found["DetectionStatus"] != "DETECTION_IN_PROGRESS" else None

    started_id = {"StackDriftDetectionId": started["StackDriftDetectionId"]}
    return wait_until(ended, what="the detection")


def _env(server):
    return {
        "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "PATH": "/usr/bin:/bin",
    }


def trunkline(server, *arguments):
    command = [sys.executable, "-m", "trunkline", *arguments]
    return subprocess.run(command, env=_env(server), capture_output=True, text=True, check=False, timeout=60)


def test_a_fresh_stack_is_in_sync(aws, stack):
    name, _ = stack
    found = detected(aws, name)
    assert (found["DetectionStatus"], found["StackDriftStatus"]) == ("DETECTION_COMPLETE", "IN_SYNC")
    assert found["DriftedStackResourceCount"] == 0
    drifts = aws("cloudformation").describe_stack_resource_drifts(StackName=name)["StackResourceDrifts"]
    assert {one["LogicalResourceId"]: one["StackResourceDriftStatus"] for one in drifts} == {
        "Topic": "IN_SYNC", "Queue": "IN_SYNC", "Role": "IN_SYNC",
    }  # fmt: skip
    assert (
        aws("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["DriftInformation"]["StackDriftStatus"]
        == "IN_SYNC"
    )


def test_changed_and_deleted_resources_are_found_by_property(aws, stack):
    name, ids = stack
    aws("sns").set_topic_attributes(TopicArn=ids["Topic"], AttributeName="DisplayName", AttributeValue="two")
    aws("sns").tag_resource(ResourceArn=ids["Topic"], Tags=[{"Key": "c", "Value": "d"}])
    aws("sqs").delete_queue(QueueUrl=ids["Queue"])
    found = detected(aws, name)
    assert (found["StackDriftStatus"], found["DriftedStackResourceCount"]) == ("DRIFTED", 2)
    drifts = aws("cloudformation").describe_stack_resource_drifts(
        StackName=name, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"]
    )["StackResourceDrifts"]
    by_name = {one["LogicalResourceId"]: one for one in drifts}
    assert by_name["Queue"]["StackResourceDriftStatus"] == "DELETED"
    topic = by_name["Topic"]
    assert topic["PropertyDifferences"] == [
        {
            "PropertyPath": "/DisplayName", "ExpectedValue": "one", "ActualValue": "two",
            "DifferenceType": "NOT_EQUAL",
        },
        {
            "PropertyPath": "/Tags/1", "ExpectedValue": "null", "ActualValue": '{"Key":"c","Value":"d"}',
            "DifferenceType": "ADD",
        },
    ]  # fmt: skip
    assert json.loads(topic["ExpectedProperties"]) == TEMPLATE["Resources"]["Topic"]["Properties"]
    assert json.loads(topic["ActualProperties"])["DisplayName"] == "two"


def test_one_resource_can_be_looked_at_alone(aws, stack):
    name, ids = stack
    aws("sqs").set_queue_attributes(QueueUrl=ids["Queue"], Attributes={"DelaySeconds": "9"})
    found = aws("cloudformation").detect_stack_resource_drift(StackName=name, LogicalResourceId="Queue")
    drift = found["StackResourceDrift"]
    assert drift["StackResourceDriftStatus"] == "MODIFIED"
    assert [one["PropertyPath"] for one in drift["PropertyDifferences"]] == ["/DelaySeconds"]
    assert detected(aws, name, LogicalResourceIds=["Topic"])["StackDriftStatus"] == "IN_SYNC"


def test_each_difference_names_the_call_that_caused_it(server, aws, stack):
    name, ids = stack
    policy = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": {"Service": "ec2.amazonaws.com"}}]}
    aws("sqs").set_queue_attributes(QueueUrl=ids["Queue"], Attributes={"DelaySeconds": "9"})
    aws("sqs").set_queue_attributes(QueueUrl=ids["Queue"], Attributes={"MessageRetentionPeriod": "7200"})
    answer = aws("iam").update_assume_role_policy(RoleName=ids["Role"], PolicyDocument=json.dumps(policy))
    aws("sns").delete_topic(TopicArn=ids["Topic"])
    (report,) = server.page(f"drift?stack={name}")["stacks"]
    causes = {
        (one["logical_id"], difference["path"]): difference["cause"]
        for one in report["drifted"]
        for difference in one["differences"]
    }
    assert {where: cause["operation"] for where, cause in causes.items()} == {
        ("Queue", "/DelaySeconds"): "SetQueueAttributes",
        ("Queue", "/MessageRetentionPeriod"): "SetQueueAttributes",
        ("Role", "/AssumeRolePolicyDocument"): "UpdateAssumeRolePolicy",
    }
    assert causes["Queue", "/DelaySeconds"]["seq"] < causes["Queue", "/MessageRetentionPeriod"]["seq"]
    role = causes["Role", "/AssumeRolePolicyDocument"]
    assert role["principal"] == "arn:aws:iam::000000000000:root"
    assert role["source"] == "127.0.0.1"
    assert role["request_id"] == answer["ResponseMetadata"]["RequestId"]
    (topic,) = [one for one in report["drifted"] if one["logical_id"] == "Topic"]
    assert (topic["status"], topic["cause"]["operation"]) == ("DELETED", "DeleteTopic")


def test_revert_puts_the_templates_values_back(server, aws, stack):
    name, ids = stack
    aws("sns").set_topic_attributes(TopicArn=ids["Topic"], AttributeName="DisplayName", AttributeValue="two")
    aws("sns").untag_resource(ResourceArn=ids["Topic"], TagKeys=["a"])
    aws("sqs").set_queue_attributes(QueueUrl=ids["Queue"], Attributes={"DelaySeconds": "9"})
    done = trunkline(server, "drift", "revert", name, "Topic")
    assert done.returncode == 0, done.stderr
    assert "✔ Topic" in done.stdout
    assert aws("sns").get_topic_attributes(TopicArn=ids["Topic"])["Attributes"]["DisplayName"] == "one"
    (report,) = server.page(f"drift?stack={name}")["stacks"]
    assert [one["logical_id"] for one in report["drifted"]] == ["Queue"]


def test_revert_makes_again_what_was_deleted(server, aws, stack):
    name, ids = stack
    aws("sqs").delete_queue(QueueUrl=ids["Queue"])
    alone = trunkline(server, "drift", "revert", name, "Queue")
    assert (alone.returncode, "was deleted" in alone.stdout) == (1, True)
    done = trunkline(server, "drift", "revert", name)
    assert (done.returncode, done.stdout) == (0, "✔ Queue    Made again by an update: UPDATE_COMPLETE.\n")
    assert server.page(f"drift?stack={name}")["stacks"][0]["drifted"] == []


def test_adopt_prints_the_patch_that_keeps_the_change(server, aws, stack):
    name, ids = stack
    aws("sqs").set_queue_attributes(QueueUrl=ids["Queue"], Attributes={"DelaySeconds": "9"})
    patch = json.loads(trunkline(server, "drift", "adopt", name, "--json").stdout)
    assert patch == {"Resources": {"Queue": {"Properties": {"DelaySeconds": 9}}}}
    template = json.loads(json.dumps(TEMPLATE))
    template["Resources"]["Queue"]["Properties"]["DelaySeconds"] = 9
    cloudformation = aws("cloudformation")
    cloudformation.update_stack(
        StackName=name,
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_IAM"],
        Tags=[{"Key": "team", "Value": "x"}],
    )
    cloudformation.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})
    assert detected(aws, name)["StackDriftStatus"] == "IN_SYNC"


def test_a_tag_that_outlives_an_update_of_its_stack_is_attributed(server, aws, stack):
    name, ids = stack
    aws("sns").tag_resource(ResourceArn=ids["Topic"], Tags=[{"Key": "by", "Value": "hand"}])
    cloudformation = aws("cloudformation")
    tags = [{"Key": "team", "Value": "y"}]
    cloudformation.update_stack(StackName=name, UsePreviousTemplate=True, Capabilities=["CAPABILITY_IAM"], Tags=tags)
    cloudformation.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})
    shown = json.loads(trunkline(server, "drift", name, "--json").stdout)
    (difference,) = [one for each in shown["stacks"] for drifted in each["drifted"] for one in drifted["differences"]]
    assert "by" in difference["actual"]
    assert difference["cause"]["operation"] == "TagResource"


def test_the_command_shows_one_table(server, aws, stack, name):
    stack_name, ids = stack
    aws("sqs").create_queue(QueueName=f"{name}-by-hand")
    quiet = trunkline(server, "drift", stack_name)
    assert (quiet.returncode, quiet.stdout[:9]) == (0, "No drift:")
    aws("sqs").set_queue_attributes(QueueUrl=ids["Queue"], Attributes={"DelaySeconds": "9"})
    shown = trunkline(server, "drift", stack_name, "--unowned")
    assert shown.returncode == 2, shown.stderr
    (line,) = [one for one in shown.stdout.splitlines() if "/DelaySeconds" in one]
    assert line.split()[:5] == [stack_name, "Queue", "(SQS::Queue)", "/DelaySeconds", "5"]
    assert "sqs:SetQueueAttributes" in line
    assert any(f"{name}-by-hand" in one and "sqs:CreateQueue" in one for one in shown.stdout.splitlines())


def test_drift_is_told_within_a_second_of_the_call(server, aws, stack):
    name, ids = stack
    last = server.page("status")["events"]
    aws("sns").set_topic_attributes(TopicArn=ids["Topic"], AttributeName="DisplayName", AttributeValue="two")
    called = time.monotonic()
    found = server.page(f"drift/watch?after={last}")
    assert time.monotonic() - called < 1
    (report,) = found["stacks"]
    assert report["stack"] == name
    assert report["drifted"][0]["differences"][0]["cause"]["operation"] == "SetTopicAttributes"
    assert found["last"] > last
    assert server.page(f"drift/watch?after={found['last']}&wait=0.1")["stacks"] == []


def test_drift_of_a_stack_that_is_not_there_is_refused(aws):
    cloudformation = aws("cloudformation")
    with pytest.raises(cloudformation.exceptions.ClientError) as error:
        cloudformation.detect_stack_drift(StackName="not-there")
    assert error.value.response["Error"] == {
        "Type": "Sender", "Code": "ValidationError", "Message": "Stack [not-there] does not exist",
    }  # fmt: skip


def test_a_drift_aware_change_set_shows_and_reverts_drift_and_makes_what_is_gone_again(aws, stack):
    name, ids = stack
    aws("sns").set_topic_attributes(TopicArn=ids["Topic"], AttributeName="DisplayName", AttributeValue="two")
    aws("sqs").delete_queue(QueueUrl=ids["Queue"])
    cloudformation = aws("cloudformation")
    request = {"StackName": name, "ChangeSetName": "back", "Capabilities": ["CAPABILITY_IAM"]}
    request |= {"UsePreviousTemplate": True, "DeploymentMode": "REVERT_DRIFT"}
    cloudformation.create_change_set(**request, Tags=[{"Key": "team", "Value": "x"}])
    found = cloudformation.describe_change_set(StackName=name, ChangeSetName="back")
    changes = {one["ResourceChange"]["LogicalResourceId"]: one["ResourceChange"]["Action"] for one in found["Changes"]}
    assert changes == {"Topic": "Modify", "Queue": "Add"}
    cloudformation.execute_change_set(StackName=name, ChangeSetName="back")
    cloudformation.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})
    assert aws("sns").get_topic_attributes(TopicArn=ids["Topic"])["Attributes"]["DisplayName"] == "one"
    assert detected(aws, name)["StackDriftStatus"] == "IN_SYNC"
    resources = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    (queue,) = [one["PhysicalResourceId"] for one in resources if one["LogicalResourceId"] == "Queue"]
    assert queue != ids["Queue"]


def test_drift_of_more_resources_than_a_page_holds(server, aws, name):
    cloudformation = aws("cloudformation")
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "one"}}
    resources = {f"P{number:03}": parameter for number in range(120)}
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})
    last = cloudformation.describe_stack_resource(StackName=name, LogicalResourceId="P119")["StackResourceDetail"]
    aws("ssm").put_parameter(Name=last["PhysicalResourceId"], Value="two", Overwrite=True)
    (report,) = server.page(f"drift?stack={name}")["stacks"]
    assert report["checked"] == 120
    assert [(one["logical_id"], one["differences"][0]["cause"]["operation"]) for one in report["drifted"]] == [
        ("P119", "PutParameter"),
    ]
    cloudformation.delete_stack(StackName=name)


def test_the_command_tells_of_drift_while_it_watches(server, aws, stack):
    name, ids = stack
    command = [sys.executable, "-m", "trunkline", "drift", name, "--watch"]
    with subprocess.Popen(
        command, env=_env(server), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as watch:
        try:
            assert "Watching" in watch.stderr.readline()
            aws("sqs").set_queue_attributes(QueueUrl=ids["Queue"], Attributes={"DelaySeconds": "9"})
            called = time.monotonic()
            head, line = watch.stdout.readline(), watch.stdout.readline()
            assert time.monotonic() - called < 1
            assert head.startswith("STACK")
            assert "/DelaySeconds" in line
            assert "sqs:SetQueueAttributes" in line
        finally:
            watch.kill()


def test_what_was_made_by_hand_leads_back_to_who_made_it(server, aws):
    vpc = aws("ec2").create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    key = aws("kms").create_key()["KeyMetadata"]["KeyId"]

    def listed():
        found = server.page("drift/unowned")["resources"]
        return {one["physical_id"]: one["creator"]["operation"] for one in found if one["physical_id"] in (vpc, key)}

    assert wait_until(lambda: listed() if len(listed()) == 2 else None) == {vpc: "CreateVpc", key: "CreateKey"}
    aws("ec2").delete_vpc(VpcId=vpc)
