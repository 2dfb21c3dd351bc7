"""What functions do for stacks: hooks that refuse, macros that transform, custom resources that make."""

import pytest
from tests.support.roles import service_role
from tests.support.stacks import Stacks, parameter, template

HOOK = """
def handler(event, context):
    model = event["requestData"]["targetModel"]
    value = str((model.get("resourceProperties") or {}).get("Value"))
    bad = "forbidden" in value or "forbidden" in str(model.get("template"))
    status = "FAILED" if bad else "SUCCESS"
    return {"hookStatus": status, "message": "no such values", "clientRequestToken": event["clientRequestToken"]}
"""
MACRO = """
def handler(event, context):
    fragment = event["fragment"]
    fragment["Resources"]["Added"] = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Value": event["templateParameterValues"]["P"]},
    }
    return {"requestId": event["requestId"], "status": "success", "fragment": fragment}
"""
CUSTOM = """
import cfnresponse

def handler(event, context):
    told = {"Told": event["ResourceProperties"]["Say"]}
    cfnresponse.send(event, context, cfnresponse.SUCCESS, told, "made-by-function")
"""


@pytest.fixture(scope="module")
def role(aws):
    return service_role(aws, "functions-of-stacks", "lambda")


@pytest.fixture
def stacks(aws, name):
    return Stacks(aws("cloudformation"), name)


def function(role, code):
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Runtime": "python3.12", "Handler": "index.handler", "Role": role, "Code": {"ZipFile": code}},
    }


@pytest.fixture
def hooked(aws, name, role):
    """A hook for stacks whose names begin with the test's; gone afterwards."""
    owner = Stacks(aws("cloudformation"), f"{name}-hook")

    def make(target, mode="FAIL"):
        hook = {
            "Type": "AWS::CloudFormation::LambdaHook",
            "Properties": {
                "Alias": f"Private::Lambda::H{name.replace('-', '')}",
                "LambdaFunction": {"Fn::GetAtt": ["Code", "Arn"]},
                "HookStatus": "ENABLED",
                "FailureMode": mode,
                "TargetOperations": [target],
                "ExecutionRole": role_of_hooks(aws, name),
                "StackFilters": {"FilteringCriteria": "ALL", "StackNames": {"Include": [name]}},
            },
        }
        assert owner.create({"Code": function(role, HOOK), "Hook": hook}) == "CREATE_COMPLETE"
        return hook["Properties"]["Alias"]

    yield make
    assert owner.delete() == "DELETE_COMPLETE"


def role_of_hooks(aws, name):
    return service_role(aws, f"{name}-hooks", "hooks.cloudformation")


def test_a_hook_refuses_a_resource_and_says_why(stacks, hooked):
    alias = hooked("RESOURCE")
    assert stacks.create({"Good": parameter("fine")}) == "CREATE_COMPLETE"
    assert stacks.update({"Good": parameter("forbidden")}) == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.reasons("UPDATE_FAILED") == [f"The following hook(s) failed: [{alias}]"]
    told = [one for one in stacks.events() if one.get("HookStatus") == "HOOK_COMPLETE_FAILED"]
    assert [(one["LogicalResourceId"], one["HookType"], one["HookStatusReason"]) for one in told] == [
        ("Good", alias, "no such values")
    ]
    failed = stacks.cfn.list_hook_results(TargetType="RESOURCE", TargetId=stacks.id, Status="HOOK_COMPLETE_FAILED")
    result = stacks.cfn.get_hook_result(HookResultId=failed["HookResults"][0]["HookResultId"])
    assert (result["Target"]["Action"], result["TypeName"]) == ("UPDATE", alias)


def test_a_hook_that_only_warns_lets_pass(stacks, hooked):
    hooked("RESOURCE", "WARN")
    assert stacks.create({"Bad": parameter("forbidden")}) == "CREATE_COMPLETE"
    assert "HOOK_COMPLETE_FAILED" in {one.get("HookStatus") for one in stacks.events()}


def test_a_hook_refuses_a_whole_stack_before_anything_is_made(stacks, hooked):
    alias = hooked("STACK")
    assert stacks.create({"Good": parameter(), "Bad": parameter("forbidden")}) == "ROLLBACK_COMPLETE"
    assert alias in stacks.reasons("ROLLBACK_IN_PROGRESS")[0]
    assert stacks.resources() == {}


def test_a_hook_refuses_a_change_set(stacks, hooked):
    alias = hooked("CHANGE_SET")
    body = template({"Bad": parameter("forbidden")})
    made = stacks.cfn.create_change_set(
        StackName=stacks.name, ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=body
    )
    described = stacks.cfn.describe_change_set(ChangeSetName=made["Id"])
    assert described["Status"] == "FAILED"
    assert described["StatusReason"] == f"The following hook(s) failed: [{alias}]"


def test_a_macro_of_the_account_transforms_a_template(stacks, name, role):
    macro = {
        "Type": "AWS::CloudFormation::Macro",
        "Properties": {"Name": f"M{name.replace('-', '')}", "FunctionName": {"Fn::GetAtt": ["Code", "Arn"]}},
    }
    owner = Stacks(stacks.cfn, f"{name}-macro")
    assert owner.create({"Code": function(role, MACRO), "Macro": macro}) == "CREATE_COMPLETE"
    sections = {
        "Transform": macro["Properties"]["Name"],
        "Parameters": {"P": {"Type": "String", "Default": "by macro"}},
    }
    status = stacks.create({"One": parameter()}, Capabilities=["CAPABILITY_AUTO_EXPAND"], **sections)
    assert status == "CREATE_COMPLETE"
    assert set(stacks.resources()) == {"One", "Added"}
    processed = stacks.cfn.get_template(StackName=stacks.name, TemplateStage="Processed")["TemplateBody"]
    original = stacks.cfn.get_template(StackName=stacks.name)["TemplateBody"]
    assert (set(processed["Resources"]), set(original["Resources"])) == ({"One", "Added"}, {"One"})
    stacks.delete()
    owner.delete()


def test_a_function_behind_a_custom_resource_answers_with_cfnresponse(stacks, role):
    thing = {
        "Type": "Custom::Thing",
        "Properties": {"ServiceToken": {"Fn::GetAtt": ["Code", "Arn"]}, "Say": "hello", "ServiceTimeout": "30"},
    }
    outputs = {"Told": {"Value": {"Fn::GetAtt": ["Thing", "Told"]}}, "Id": {"Value": {"Ref": "Thing"}}}
    assert stacks.create({"Code": function(role, CUSTOM), "Thing": thing}, Outputs=outputs) == "CREATE_COMPLETE"
    assert stacks.outputs() == {"Told": "hello", "Id": "made-by-function"}
    assert stacks.delete() == "DELETE_COMPLETE"
