"""Custom resources, wait conditions and signals: what others tell a stack.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""

import json
import urllib.error
import urllib.request

import pytest
from tests.support.custom_provider import provider
from tests.support.server import wait_until
from tests.support.stacks import Stacks, parameter


@pytest.fixture
def stacks(aws, name):
    return Stacks(aws("cloudformation"), name)


def custom(topic, **properties):
    return {"Type": "Custom::Thing", "Properties": {"ServiceToken": topic, **properties}}


def test_a_custom_resources_life(stacks, aws, name):
    def answer(request):
        return {"Data": {"Greeting": f"hello {request['ResourceProperties']['Who']}"}}

    with provider(aws, name, answer) as made:
        outputs = {"G": {"Value": {"Fn::GetAtt": ["Thing", "Greeting"]}}, "Id": {"Value": {"Ref": "Thing"}}}
        status = stacks.create({"Thing": custom(made.topic, Who="you", Count=3, Flag=True)}, Outputs=outputs)
        assert status == "CREATE_COMPLETE"
        assert stacks.outputs() == {"G": "hello you", "Id": "made"}
        assert stacks.update({"Thing": custom(made.topic, Who="me")}, Outputs=outputs) == "UPDATE_COMPLETE"
        assert stacks.outputs()["G"] == "hello me"
        stacks.delete()
        assert made.kinds() == ["Create", "Update", "Delete"]
        create, update, delete = made.requests
        assert create["ResourceType"] == "Custom::Thing"
        assert create["ResourceProperties"]["Count"] == "3"
        assert create["ResourceProperties"]["Flag"] == "true"
        assert create["StackId"] == stacks.id
        assert update["OldResourceProperties"]["Who"] == "you"
        assert delete["PhysicalResourceId"] == "made"
        assert delete["ResourceProperties"]["Who"] == "me"


def test_another_physical_id_is_a_replacement_and_the_old_one_is_deleted_in_the_cleanup(stacks, aws, name):
    with provider(aws, name, lambda request: {"PhysicalResourceId": request["ResourceProperties"]["Id"]}) as made:
        stacks.create({"Thing": custom(made.topic, Id="one")})
        assert stacks.update({"Thing": custom(made.topic, Id="two")}) == "UPDATE_COMPLETE"
        assert stacks.physical("Thing") == "two"
        assert made.kinds() == ["Create", "Update", "Delete"]
        assert made.requests[2]["PhysicalResourceId"] == "one"
        assert made.requests[2]["ResourceProperties"]["Id"] == "one"
        stacks.delete()


def test_a_custom_resource_that_fails_says_why_and_is_deleted(stacks, aws, name):
    def answer(request):
        return {"Status": "FAILED", "Reason": "no more room"} if request["RequestType"] == "Create" else {}

    with provider(aws, name, answer) as made:
        assert stacks.create({"Thing": custom(made.topic)}) == "ROLLBACK_COMPLETE"
        reason = stacks.reasons("CREATE_FAILED")[0]
        assert reason.startswith(
            "Received response status [FAILED] from custom resource. Message returned: no more room (RequestId: "
        )
        assert made.kinds() == ["Create", "Delete"]


def test_a_failed_update_of_a_custom_resource_is_taken_back_by_an_update(stacks, aws, name):
    def answer(request):
        bad = request["ResourceProperties"].get("Bad") == "yes"
        return {"Status": "FAILED", "Reason": "bad"} if bad else {}

    with provider(aws, name, answer) as made:
        stacks.create({"Thing": custom(made.topic, Bad="no")})
        assert stacks.update({"Thing": custom(made.topic, Bad="yes")}) == "UPDATE_ROLLBACK_COMPLETE"
        assert made.kinds() == ["Create", "Update", "Update"]
        assert made.requests[2]["ResourceProperties"]["Bad"] == "no"
        assert made.requests[2]["OldResourceProperties"]["Bad"] == "yes"
        stacks.delete()


def test_a_custom_resource_that_never_answers_times_out(stacks, aws, name):
    with provider(aws, name, lambda request: None if request["RequestType"] == "Create" else {}) as made:
        assert stacks.create({"Thing": custom(made.topic, ServiceTimeout="1")}) == "ROLLBACK_COMPLETE"
        assert "did not receive a response from your Custom Resource" in stacks.reasons("CREATE_FAILED")[0]


def test_an_attribute_that_was_not_answered_fails_the_stack(stacks, aws, name):
    with provider(aws, name) as made:
        resources = {"Thing": custom(made.topic), "P": parameter({"Fn::GetAtt": ["Thing", "Missing"]})}
        assert stacks.create(resources) == "ROLLBACK_COMPLETE"
        assert "Vendor response doesn't contain Missing attribute" in stacks.reasons("CREATE_FAILED")[0]


def test_a_cancelled_custom_resource_is_deleted(stacks, aws, name):
    taken = f"/{name}/taken"
    aws("ssm").put_parameter(Name=taken, Value="x", Type="String")
    with provider(aws, name, lambda request: None if request["RequestType"] == "Create" else {}) as made:
        resources = {"Thing": custom(made.topic), "Bad": parameter(Name=taken)}
        assert stacks.create(resources) == "ROLLBACK_COMPLETE"
        assert stacks.reasons("CREATE_FAILED").count("Resource creation cancelled") == 1
        assert made.kinds()[-1] == "Delete"


def signal(url, **body):
    data = {"Status": "SUCCESS", "Reason": "ready", "UniqueId": "1", "Data": "d", **body}
    request = urllib.request.Request(url, json.dumps(data).encode(), {"Content-Type": ""}, method="PUT")
    with urllib.request.urlopen(request, timeout=5) as answered:
        return answered.status


def waiting(**properties):
    return {
        "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "Wait": {
            "Type": "AWS::CloudFormation::WaitCondition",
            "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "60", **properties},
        },
    }


def handle_of(stacks):
    return wait_until(lambda: stacks.resources().get("Handle", {}).get("PhysicalResourceId"))


def test_a_wait_condition_waits_for_as_many_signals_as_it_says(stacks):
    stacks.create(waiting(Count=2), wait=False, Outputs={"D": {"Value": {"Fn::GetAtt": ["Wait", "Data"]}}})
    url = handle_of(stacks)
    signal(url, UniqueId="a", Data="x")
    assert stacks.now()["StackStatus"] == "CREATE_IN_PROGRESS"
    signal(url, UniqueId="b", Data="y")
    assert stacks.ended() == "CREATE_COMPLETE"
    assert json.loads(stacks.outputs()["D"]) == {"a": "x", "b": "y"}


def test_a_failure_signal_fails_the_wait_condition(stacks):
    stacks.create(waiting(), wait=False)
    signal(handle_of(stacks), Status="FAILURE", Reason="broken", UniqueId="u")
    assert stacks.ended() == "ROLLBACK_COMPLETE"
    told = stacks.reasons("CREATE_FAILED")[0]
    assert "WaitCondition received failed message: 'broken' for uniqueId: u" in told


def test_a_wait_condition_that_is_not_signalled_times_out(stacks):
    assert stacks.create(waiting(Timeout="1", Count=3)) == "ROLLBACK_COMPLETE"
    told = stacks.reasons("CREATE_FAILED")[0]
    assert "WaitCondition timed out. Received 0 conditions when expecting 3" in told


def test_an_unknown_response_url_is_refused(stacks):
    stacks.create(waiting(), wait=False)
    url = handle_of(stacks)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        signal(url[:-4] + "0000")
    signal(url)
    stacks.ended()


def test_signal_resource_completes_a_creation_policy(stacks, aws):
    policy = {"ResourceSignal": {"Count": 1, "Timeout": "PT1M"}}
    stacks.create({"One": parameter(CreationPolicy=policy)}, wait=False)
    wait_until(lambda: stacks.resources().get("One", {}).get("PhysicalResourceId"))
    assert stacks.now()["StackStatus"] == "CREATE_IN_PROGRESS"
    stacks.cfn.signal_resource(StackName=stacks.name, LogicalResourceId="One", UniqueId="i-1", Status="SUCCESS")
    assert stacks.ended() == "CREATE_COMPLETE"
    assert stacks.reasons("CREATE_IN_PROGRESS").count("Received SUCCESS signal with UniqueId i-1") == 1


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ({"Ref": "AWS::Region"}, "CreationPolicy must be an object"),
        ({"ResourceSignal": {"Count": "several"}}, "Invalid count several"),
        ({"ResourceSignal": {"Timeout": "soon"}}, "Invalid timeout soon"),
    ],
)
def test_a_creation_policy_that_means_nothing_fails_its_resource_in_words(stacks, policy, told):
    assert stacks.create({"One": parameter(CreationPolicy=policy)}) == "ROLLBACK_COMPLETE"
    assert told in stacks.reasons("CREATE_FAILED")[0]


def test_a_signal_told_twice_counts_and_is_shown_once(stacks):
    policy = {"ResourceSignal": {"Count": 2, "Timeout": "PT1M"}}
    stacks.create({"One": parameter(CreationPolicy=policy)}, wait=False)
    wait_until(lambda: stacks.resources().get("One", {}).get("PhysicalResourceId"))
    for unique_id in ("i-1", "i-1", "i-2"):
        assert stacks.now()["StackStatus"] == "CREATE_IN_PROGRESS"
        stacks.cfn.signal_resource(StackName=stacks.name, LogicalResourceId="One", UniqueId=unique_id, Status="SUCCESS")
    assert stacks.ended() == "CREATE_COMPLETE"
    told = [one for one in stacks.reasons("CREATE_IN_PROGRESS") if one.startswith("Received")]
    assert told == [f"Received SUCCESS signal with UniqueId i-{number}" for number in (1, 2)]


def test_a_custom_resource_whose_function_is_not_there_leaves_nothing_to_roll_back(stacks):
    missing = f"arn:aws:lambda:us-east-1:000000000000:function:{stacks.name}"
    assert stacks.create({"Thing": custom(missing)}) == "ROLLBACK_COMPLETE"
    assert "Function not found" in stacks.reasons("CREATE_FAILED")[0]
    assert "DELETE_FAILED" not in stacks.history("Thing")
