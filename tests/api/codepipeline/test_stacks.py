"""CloudFormation actions: stacks that a pipeline makes, changes and deletes."""

import json

import pytest
from tests.api.codepipeline.asking import World, kind, zipped
from tests.support.server import ACCOUNT

TEMPLATE = {
    "Parameters": {"Text": {"Type": "String"}, "Where": {"Type": "String", "Default": "-"}},
    "Resources": {"Kept": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Text"}}}},
    "Outputs": {"Name": {"Value": {"Ref": "Kept"}}, "Where": {"Value": {"Ref": "Where"}}},
}


class Stacks(World):
    """A pipeline whose second stage is made of CloudFormation actions, under a role that only the account trusts."""

    def __init__(self, aws, name):
        super().__init__(aws, name)
        trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        iam = aws("iam")
        made = iam.create_role(RoleName=f"{name}-deploy", AssumeRolePolicyDocument=document)
        iam.attach_role_policy(RoleName=f"{name}-deploy", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        self.deploy_role = made["Role"]["Arn"]
        self.cloudformation = aws("cloudformation")
        self.source(TEMPLATE)

    def source(self, template, **parameters):
        files = {
            "t.json": json.dumps(template),
            "p.json": json.dumps({"Parameters": parameters, "Tags": {"team": "x"}}),
        }
        self.s3.put_object(Bucket=self.bucket, Key="in.zip", Body=zipped(**files))

    def stack_action(self, name, mode, order, **configuration):
        return {
            "name": name,
            "actionTypeId": kind("Deploy", "CloudFormation"),
            "runOrder": order,
            "roleArn": self.deploy_role,
            "inputArtifacts": [{"name": "source"}],
            "configuration": {"ActionMode": mode, "StackName": self.name, **configuration},
        }

    def run_once(self, *actions):
        self.declaration["stages"][1:] = [{"name": "Stacks", "actions": list(actions)}]
        execution = self.create()
        self.ends(execution, "Succeeded")
        return self.actions(execution)

    def run_again(self, status="Succeeded"):
        execution = self.start()
        self.ends(execution, status)
        return self.actions(execution)

    def stack(self):
        return self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]

    def outputs(self):
        return {one["OutputKey"]: one["OutputValue"] for one in self.stack()["Outputs"]}


@pytest.fixture
def stacks(aws, name):
    return Stacks(aws, name)


def test_a_stack_is_made_updated_and_its_outputs_go_on(stacks):
    stacks.source(TEMPLATE, Text="from the file", Where="from the file")
    overrides = json.dumps({"Where": {"Fn::GetArtifactAtt": ["source", "BucketName"]}})
    action = stacks.stack_action(
        "Make",
        "CREATE_UPDATE",
        1,
        TemplatePath="source::t.json",
        TemplateConfiguration="source::p.json",
        ParameterOverrides=overrides,
        OutputFileName="out.json",
        Capabilities="CAPABILITY_IAM,CAPABILITY_AUTO_EXPAND",
    )
    action |= {"outputArtifacts": [{"name": "made"}], "namespace": "stack"}
    done = stacks.run_once(action)
    assert stacks.outputs()["Where"] == stacks.bucket
    assert {"Key": "team", "Value": "x"} in stacks.stack()["Tags"]
    assert done["Make"]["output"]["outputVariables"]["Where"] == stacks.bucket
    place = done["Make"]["output"]["outputArtifacts"][0]["s3location"]
    assert stacks.s3.head_object(Bucket=place["bucket"], Key=place["key"])["ContentLength"] > 0
    unchanged = stacks.run_again()
    assert unchanged["Make"]["status"] == "Succeeded"
    stacks.source(TEMPLATE, Text="changed")
    stacks.run_again()
    value = stacks.aws("ssm").get_parameter(Name=stacks.outputs()["Name"])["Parameter"]["Value"]
    assert value == "changed"


def test_change_sets_are_prepared_and_executed_even_without_changes(stacks):
    stacks.source(TEMPLATE, Text="one")
    common = {"ChangeSetName": "next"}
    prepare = stacks.stack_action(
        "Prepare",
        "CHANGE_SET_REPLACE",
        1,
        TemplatePath="source::t.json",
        TemplateConfiguration="source::p.json",
        **common,
    )
    execute = stacks.stack_action("Execute", "CHANGE_SET_EXECUTE", 2, **common)
    stacks.run_once(prepare, execute)
    assert stacks.stack()["StackStatus"] == "CREATE_COMPLETE"
    stacks.run_again()
    stacks.source(TEMPLATE, Text="two")
    stacks.run_again()
    assert stacks.stack()["StackStatus"] == "UPDATE_COMPLETE"


def test_a_broken_stack_is_replaced_and_a_stack_can_be_deleted(stacks):
    broken = {"Resources": {"No": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": ""}}}}
    stacks.source(broken)
    make = stacks.stack_action("Make", "REPLACE_ON_FAILURE", 1, TemplatePath="source::t.json")
    stacks.declaration["stages"][1:] = [{"name": "Stacks", "actions": [make]}]
    stacks.ends(stacks.create(), "Failed")
    stacks.source({"Resources": {"Yes": {"Type": "AWS::SNS::Topic"}}})
    stacks.run_again()
    assert stacks.stack()["StackStatus"] == "CREATE_COMPLETE"
    stacks.declaration["stages"][1]["actions"] = [stacks.stack_action("Remove", "DELETE_ONLY", 1)]
    stacks.pipeline.update_pipeline(pipeline=stacks.declaration)
    stacks.run_again()
    stacks.run_again()


def test_a_template_that_is_not_there_fails_the_action_with_its_name(stacks):
    make = stacks.stack_action("Make", "CREATE_UPDATE", 1, TemplatePath="source::none.json")
    stacks.declaration["stages"][1:] = [{"name": "Stacks", "actions": [make]}]
    execution = stacks.create()
    stacks.ends(execution, "Failed")
    failure = stacks.actions(execution)["Make"]["output"]["executionResult"]
    assert "none.json" in failure["errorDetails"]["message"]
