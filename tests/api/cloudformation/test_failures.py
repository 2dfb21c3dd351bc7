"""When an operation does not succeed: what its options make of it, and the ways out."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.custom_provider import provider
from tests.support.server import wait_until
from tests.support.stacks import Stacks, parameter


@pytest.fixture
def stacks(aws, name):
    return Stacks(aws("cloudformation"), name)


@pytest.fixture
def taken(aws, name):
    """The name of a parameter that exists already: to make one of this name fails."""
    aws("ssm").put_parameter(Name=f"/{name}/taken", Value="x", Type="String")
    return f"/{name}/taken"


def exists(aws, name):
    try:
        return aws("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    except ClientError:
        return None


@pytest.mark.parametrize(
    ("options", "status", "kept"),
    [
        ({"OnFailure": "ROLLBACK"}, "ROLLBACK_COMPLETE", False),
        ({"OnFailure": "DO_NOTHING"}, "CREATE_FAILED", True),
        ({"DisableRollback": True}, "CREATE_FAILED", True),
        ({"OnFailure": "DELETE"}, "DELETE_COMPLETE", False),
    ],
)
def test_on_failure(stacks, aws, taken, options, status, kept):
    good = f"{taken}-good"
    resources = {"Good": parameter("g", Name=good), "Bad": parameter(Name=taken, DependsOn="Good")}
    assert stacks.create(resources, **options) == status
    assert (exists(aws, good) == "g") is kept


def test_a_creation_that_was_left_failed_goes_on_with_an_update(stacks, taken):
    resources = {"Good": parameter(), "Bad": parameter(Name=taken, DependsOn="Good")}
    assert stacks.create(resources, DisableRollback=True) == "CREATE_FAILED"
    good = stacks.physical("Good")
    resources["Bad"] = parameter(DependsOn="Good")
    assert stacks.update(resources) == "UPDATE_COMPLETE"
    assert stacks.physical("Good") == good
    assert stacks.resources()["Bad"]["ResourceStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def test_a_failed_creation_is_rolled_back_by_request(stacks, aws, taken):
    resources = {"Good": parameter("g", Name=f"{taken}-good"), "Bad": parameter(Name=taken, DependsOn="Good")}
    stacks.create(resources, DisableRollback=True)
    stacks.cfn.rollback_stack(StackName=stacks.name)
    assert stacks.ended() == "ROLLBACK_COMPLETE"
    assert exists(aws, f"{taken}-good") is None


def test_a_failed_update_that_was_left_is_rolled_back_by_request(stacks, aws, taken):
    stacks.create({"One": parameter("a"), "Gone": parameter("g")})
    name = stacks.physical("One")
    resources = {"One": parameter("A"), "Bad": parameter(Name=taken, DependsOn="One")}
    assert stacks.update(resources, DisableRollback=True) == "UPDATE_FAILED"
    assert exists(aws, name) == "A"
    stacks.cfn.rollback_stack(StackName=stacks.name)
    assert stacks.ended() == "UPDATE_ROLLBACK_COMPLETE"
    assert exists(aws, name) == "a"
    assert set(stacks.resources()) == {"One", "Gone"}


def test_a_failed_update_that_was_left_goes_on_with_another_update(stacks, aws, taken):
    stacks.create({"One": parameter("a")})
    resources = {"One": parameter("A"), "New": parameter("n"), "Bad": parameter(Name=taken, DependsOn=["One", "New"])}
    assert stacks.update(resources, DisableRollback=True) == "UPDATE_FAILED"
    del resources["Bad"]
    assert stacks.update(resources) == "UPDATE_COMPLETE"
    assert set(stacks.resources()) == {"One", "New"}


def test_retain_and_retain_except_on_create(stacks, aws, taken):
    names = {key: f"{taken}-{key}" for key in ("Retain", "RetainExceptOnCreate", "Delete")}
    good = {key: parameter("v", Name=name, DeletionPolicy=key) for key, name in names.items()}
    assert stacks.create(good) == "CREATE_COMPLETE"
    stacks.delete()
    assert {key: exists(aws, name) for key, name in names.items()} == {
        "Retain": "v",
        "RetainExceptOnCreate": "v",
        "Delete": None,
    }
    assert stacks.history("Retain")[-1] == "DELETE_SKIPPED"


def test_rollback_of_a_creation_keeps_what_is_to_be_retained(stacks, aws, taken):
    names = {key: f"{taken}-{key}" for key in ("Retain", "RetainExceptOnCreate")}
    resources = {key: parameter("v", Name=name, DeletionPolicy=key) for key, name in names.items()}
    resources["Bad"] = parameter(Name=taken, DependsOn=list(names))
    assert stacks.create(resources) == "ROLLBACK_COMPLETE"
    assert {key: exists(aws, name) for key, name in names.items()} == {"Retain": "v", "RetainExceptOnCreate": None}


def test_update_replace_policy_keeps_the_old_resource(stacks, aws, taken):
    stacks.create({"One": parameter("v", Name=f"{taken}-a", UpdateReplacePolicy="Retain")})
    stacks.update({"One": parameter("v", Name=f"{taken}-b", UpdateReplacePolicy="Retain")})
    assert (exists(aws, f"{taken}-a"), exists(aws, f"{taken}-b")) == ("v", "v")


def custom(topic, **properties):
    return {"Type": "Custom::Thing", "Properties": {"ServiceToken": topic, **properties}}


def test_a_rollback_that_fails_is_continued_and_may_skip(stacks, aws, name, taken):
    broken = {"on": True}

    def answer(request):
        bad = request["RequestType"] == "Update" and broken["on"]
        return {"Status": "FAILED", "Reason": "stuck"} if bad else {}

    with provider(aws, name, answer) as made:
        stacks.create({"Thing": custom(made.topic, V="1"), "One": parameter("a")})
        changed = {"Thing": custom(made.topic, V="2"), "One": parameter("A")}
        assert stacks.update(changed) == "UPDATE_ROLLBACK_FAILED"
        with pytest.raises(ClientError, match="UPDATE_ROLLBACK_FAILED state and can not be updated"):
            stacks.update(changed)
        stacks.cfn.continue_update_rollback(StackName=stacks.name)
        assert stacks.ended() == "UPDATE_ROLLBACK_FAILED"
        stacks.cfn.continue_update_rollback(StackName=stacks.name, ResourcesToSkip=["Thing"])
        assert stacks.ended() == "UPDATE_ROLLBACK_COMPLETE"
        broken["on"] = False
        assert stacks.update(changed) == "UPDATE_COMPLETE"
        stacks.delete()


def test_an_update_is_cancelled_and_put_back(stacks, aws, name):
    def answer(request):
        return None if request["RequestType"] == "Update" and request["ResourceProperties"]["V"] == "2" else {}

    with provider(aws, name, answer) as made:
        stacks.create({"Thing": custom(made.topic, V="1"), "One": parameter("a")})
        stacks.update({"Thing": custom(made.topic, V="2"), "One": parameter("A")}, wait=False)
        wait_until(lambda: made.kinds() == ["Create", "Update"])
        stacks.cfn.cancel_update_stack(StackName=stacks.name)
        assert stacks.ended() == "UPDATE_ROLLBACK_COMPLETE"
        assert exists(aws, stacks.physical("One")) == "a"
        assert stacks.reasons("UPDATE_ROLLBACK_IN_PROGRESS") == ["User Initiated"]
        with pytest.raises(ClientError, match="CancelUpdateStack cannot be called from current stack status"):
            stacks.cfn.cancel_update_stack(StackName=stacks.name)
        stacks.delete()


def test_a_creation_is_ended_by_delete_stack(stacks, aws, name):
    with provider(aws, name, lambda request: None if request["RequestType"] == "Create" else {}) as made:
        stacks.create({"Thing": custom(made.topic), "One": parameter("a")}, wait=False)
        wait_until(lambda: made.kinds() == ["Create"])
        one = wait_until(lambda: stacks.resources().get("One", {}).get("PhysicalResourceId"))
        assert stacks.delete() == "DELETE_COMPLETE"
        assert made.kinds() == ["Create", "Delete"]
        assert exists(aws, one) is None


def test_a_creation_that_takes_too_long_is_rolled_back(tmp_path, name):
    from tests.support.server import Server

    with Server(tmp_path / "data", clock=600) as server:
        stacks = Stacks(server.client("cloudformation"), name)
        handle = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
        wait = {
            "Type": "AWS::CloudFormation::WaitCondition",
            "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "36000"},
        }
        assert stacks.create({"Handle": handle, "Wait": wait}, TimeoutInMinutes=1) == "ROLLBACK_COMPLETE"
        assert stacks.reasons("ROLLBACK_IN_PROGRESS") == [
            "Stack creation time exceeded the specified timeout. Rollback requested by user."
        ]
        check_rollback_triggers(server, name)


def check_rollback_triggers(server, name):
    """On the same quick server: an alarm that fires while the update is watched takes it back."""
    alarms = server.client("cloudwatch")
    alarms.put_metric_alarm(
        AlarmName=name,
        MetricName="m",
        Namespace="n",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    arn = alarms.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["AlarmArn"]
    stacks = Stacks(server.client("cloudformation"), f"{name}-watched")
    triggers = {"RollbackTriggers": [{"Arn": arn, "Type": "AWS::CloudWatch::Alarm"}], "MonitoringTimeInMinutes": 180}
    stacks.create({"One": parameter("a")})
    stacks.update({"One": parameter("b")}, RollbackConfiguration=triggers, wait=False)
    wait_until(lambda: stacks.resources()["One"]["ResourceStatus"] == "UPDATE_COMPLETE")
    assert stacks.now()["StackStatus"] == "UPDATE_IN_PROGRESS"
    alarms.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    assert stacks.ended() == "UPDATE_ROLLBACK_COMPLETE"
    assert arn in stacks.reasons("UPDATE_ROLLBACK_IN_PROGRESS")[0]


def test_what_cannot_be_deleted_is_named_and_can_be_left_behind(stacks, aws, name):
    broken = {"on": True}

    def answer(request):
        bad = request["RequestType"] == "Delete" and broken["on"]
        return {"Status": "FAILED", "Reason": "stuck"} if bad else {}

    with provider(aws, name, answer) as made:
        stacks.create({"Thing": custom(made.topic), "One": parameter(DependsOn="Thing")})
        with pytest.raises(ClientError, match="RetainResources can only be specified"):
            stacks.delete(RetainResources=["Thing"])
        assert stacks.delete() == "DELETE_FAILED"
        assert stacks.now()["StackStatusReason"] == "The following resource(s) failed to delete: [Thing]. "
        assert stacks.delete(DeletionMode="FORCE_DELETE_STACK") == "DELETE_COMPLETE"
        assert stacks.history("Thing")[-1] == "DELETE_SKIPPED"
        again = Stacks(stacks.cfn, f"{name}-again")
        again.create({"Thing": custom(made.topic)})
        assert again.delete() == "DELETE_FAILED"
        assert again.delete(RetainResources=["Thing"]) == "DELETE_COMPLETE"


def test_a_failed_updates_template_parameters_and_tags_are_the_old_ones_again(stacks, taken):
    sections = {"Parameters": {"P": {"Type": "String", "Default": "old"}}}
    stacks.create({"One": parameter({"Ref": "P"})}, Tags=[{"Key": "k", "Value": "old"}], **sections)
    before = stacks.cfn.get_template(StackName=stacks.name)["TemplateBody"]
    resources = {"One": parameter({"Ref": "P"}), "Bad": parameter(Name=taken, DependsOn="One")}
    stacks.update(resources, given={"P": "new"}, Tags=[{"Key": "k", "Value": "new"}], **sections)
    now = stacks.now()
    assert now["Parameters"] == [{"ParameterKey": "P", "ParameterValue": "old"}]
    assert now["Tags"] == [{"Key": "k", "Value": "old"}]
    assert json.dumps(stacks.cfn.get_template(StackName=stacks.name)["TemplateBody"]) == json.dumps(before)


def test_what_failed_is_made_again_once_nothing_stands_in_the_way(stacks, aws, taken):
    resources = {"Good": parameter(), "Bad": parameter("v", Name=taken, DependsOn="Good")}
    assert stacks.create(resources, DisableRollback=True) == "CREATE_FAILED"
    aws("ssm").delete_parameter(Name=taken)
    assert stacks.update(resources) == "UPDATE_COMPLETE"
    assert exists(aws, taken) == "v"
    assert stacks.history("Bad")[-1] == "CREATE_COMPLETE"


def test_an_update_of_what_was_never_whole_is_rolled_back_to_nothing(stacks, aws, taken):
    resources = {"Good": parameter("g", Name=f"{taken}-good"), "Bad": parameter(Name=taken, DependsOn="Good")}
    stacks.create(resources, DisableRollback=True)
    assert stacks.update({**resources, "More": parameter()}) == "ROLLBACK_COMPLETE"
    assert exists(aws, f"{taken}-good") is None


def test_a_resource_with_a_name_of_its_own_cannot_be_replaced(stacks, aws, name):
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": name,
            "Path": "/a/",
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
            },
        },
    }
    stacks.create({"R": role}, Capabilities=["CAPABILITY_NAMED_IAM"])
    role["Properties"]["Path"] = "/b/"
    assert stacks.update({"R": role}, Capabilities=["CAPABILITY_NAMED_IAM"]) == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.reasons("UPDATE_FAILED") == [
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename "
        f"{name} and update the stack again."
    ]
    assert aws("iam").get_role(RoleName=name)["Role"]["Path"] == "/a/"


def test_a_failed_update_that_was_left_is_tried_again_as_it_is(stacks, aws, name):
    broken = {"on": True}

    def answer(request):
        bad = request["RequestType"] == "Update" and broken["on"]
        return {"Status": "FAILED", "Reason": "stuck"} if bad else {}

    with provider(aws, name, answer) as made:
        stacks.create({"Thing": custom(made.topic, V="1")})
        changed = {"Thing": custom(made.topic, V="2")}
        assert stacks.update(changed, DisableRollback=True) == "UPDATE_FAILED"
        broken["on"] = False
        assert stacks.update(changed) == "UPDATE_COMPLETE"
        assert made.requests[-1]["ResourceProperties"]["V"] == "2"
        stacks.delete()
