"""What makes a pipeline's declaration one that can run, and the sentence for what does not."""

import copy

import pytest

from trunkline.aws.errors import AwsError
from trunkline.services.codepipeline import structure
from trunkline.services.codepipeline.variables import UnknownVariable, references, resolve


def check(declaration):
    return structure.check(declaration, "us-east-1")


def action(name, category, provider, *, given=(), out=(), order=1, namespace=None, **configuration):
    made = {
        "name": name,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
        "runOrder": order,
        "configuration": configuration,
        "inputArtifacts": [{"name": each} for each in given],
        "outputArtifacts": [{"name": each} for each in out],
    }
    return {**made, "namespace": namespace} if namespace else made


def source(**more):
    return action("Source", "Source", "CodeCommit", out=["source"], RepositoryName="r", BranchName="main", **more)


def build(name="Build", given=("source",), out=("built",), **more):
    return action(name, "Build", "CodeBuild", given=given, out=out, ProjectName="p", **more)


def pipeline(*stages, **more):
    return {
        "name": "p",
        "roleArn": "arn:aws:iam::000000000000:role/p",
        "artifactStore": {"type": "S3", "location": "b"},
        "pipelineType": "V2",
        "stages": [{"name": f"S{number}", "actions": list(actions)} for number, actions in enumerate(stages)],
        **more,
    }


def refused(declaration, code, says):
    before = copy.deepcopy(declaration)
    with pytest.raises(AwsError) as caught:
        check(declaration)
    assert caught.value.code == code
    assert says in caught.value.message, caught.value.message
    assert declaration == before


def test_defaults_are_filled_in_and_the_request_is_left_alone():
    given = pipeline([source()], [build()])
    del given["pipelineType"]
    del given["stages"][1]["actions"][0]["runOrder"]
    before = copy.deepcopy(given)
    checked = check(given)
    assert given == before
    assert (checked["executionMode"], checked["pipelineType"]) == ("SUPERSEDED", "V1")
    assert checked["stages"][1]["actions"][0]["runOrder"] == 1


def test_artifacts_and_variables_flow_from_earlier_stages_and_run_orders():
    check(
        pipeline(
            [source(namespace="src")],
            [
                build("One", out=["one"], namespace="one"),
                build("Two", given=["one"], out=["two"], order=2, EnvironmentVariables="#{one.X} #{src.CommitId}"),
            ],
            [action("Put", "Deploy", "S3", given=["two"], BucketName="#{variables.bucket}", Extract="true")],
            variables=[{"name": "bucket"}],
        )
    )


STRUCTURE, STAGE, ACTION = (
    "InvalidStructureException",
    "InvalidStageDeclarationException",
    "InvalidActionDeclarationException",
)


@pytest.mark.parametrize(
    ("declaration", "code", "says"),
    [
        (pipeline([source()]), STRUCTURE, "minimum of 2 stages"),
        (pipeline([source()], [build()], pipelineType="V1", variables=[{"name": "x"}]), STRUCTURE, "type V2"),
        (pipeline([source()], [build()], pipelineType="V1", executionMode="QUEUED"), STRUCTURE, "type V2"),
        (pipeline([source()], [build()], triggers=[{"providerType": "x"}]), STRUCTURE, "Triggers belong to"),
        (pipeline([source()], [build()], artifactStores={"us-east-1": {}}), STRUCTURE, "Exactly one of"),
        (pipeline([source()], [build()], artifactStore=None), STRUCTURE, "Exactly one of"),
        (pipeline([source()], []), STAGE, "Stage S1 has no actions"),
        (pipeline([source()], [source()]), STAGE, "Only the first stage"),
        (pipeline([build(given=())], [build()]), ACTION, "has 0 inputArtifacts"),
        (pipeline([source()], [build(), build()]), ACTION, "Build is used 2 times"),
        (pipeline([source()], [build(given=["nothing"])]), ACTION, "'nothing'"),
        (pipeline([source()], [build("A", out=["x"]), build("B", given=["x"], out=["y"])]), ACTION, "'x'"),
        (pipeline([source()], [build(out=["source"])]), ACTION, "source has been used more than once"),
        (pipeline([source()], [build(out=[f"o{n}" for n in range(6)])]), ACTION, "has 6 outputArtifacts"),
        (pipeline([source()], [build(Nonsense="x")]), ACTION, "unknown configuration 'Nonsense'"),
        (pipeline([source()], [build(BatchEnabled="true")]), ACTION, "batch builds are not supported"),
        (pipeline([source()], [build(EnvironmentVariables="#{later.X}")]), ACTION, "#{later.X}"),
        (pipeline([source()], [build(EnvironmentVariables="#{variables.x}")]), ACTION, "#{variables.x}"),
        (pipeline([source(namespace="n")], [build(namespace="n")]), ACTION, "namespace n is used more than once"),
        (pipeline([source(namespace="variables")], [build()]), ACTION, "namespace variables"),
        (pipeline([source(OutputArtifactFormat="CODEBUILD_CLONE_REF")], [build()]), ACTION, "CODE_ZIP"),
        (pipeline([source()], [action("Ask", "Approval", "Manual", given=["source"])]), ACTION, "has 1 inputArtifacts"),
        (pipeline([source()], [action("X", "Invoke", "StepFunctions")]), ACTION, "is not available"),
        (pipeline([source()], [{**build(), "region": "eu-west-1"}]), ACTION, "cross-region"),
        (pipeline([source()], [action("D", "Deploy", "CodeDeployToECS", given=["source"])]), ACTION, "ApplicationName"),
    ],
)
def test_what_cannot_run_is_refused_with_the_reason(declaration, code, says):
    refused(declaration, code, says)


def test_several_inputs_need_a_primary_one():
    two = [source(), action("More", "Source", "S3", out=["more"], S3Bucket="b", S3ObjectKey="k")]
    refused(pipeline(two, [build(given=["source", "more"])]), ACTION, "needs PrimarySource")
    check(pipeline(two, [build(given=["source", "more"], PrimarySource="source")]))


def test_stage_conditions_and_blockers_are_refused_by_name():
    for member, value in (("onFailure", {"result": "ROLLBACK"}), ("blockers", [{"name": "x", "type": "Schedule"}])):
        declaration = pipeline([source()], [build()])
        declaration["stages"][1][member] = value
        refused(declaration, STAGE, "onFailure" if member == "onFailure" else "Blockers")


def test_variables_are_put_in_place_of_their_references():
    namespaces = {"src": {"CommitId": "abc", "Message": "costs $1 #{src.CommitId}"}, "variables": {"a-b_c": "x"}}
    assert resolve("#{src.CommitId}/#{variables.a-b_c}", namespaces) == "abc/x"
    assert resolve("#{src.Message}", namespaces) == "costs $1 #{src.CommitId}"
    for text in ("plain", "#{}", "#{nodot}", "#src.x", "$#{", '{"a": "#"}'):
        assert resolve(text, namespaces) == text
        assert references(text) == []
    assert references("#{a.b}#{c.d.e}") == [("a", "b"), ("c", "d.e")]


@pytest.mark.parametrize("text", ["#{src.Nothing}", "#{nobody.CommitId}"])
def test_a_variable_without_a_value_is_named(text):
    with pytest.raises(UnknownVariable, match=text.replace("{", r"\{")):
        resolve(text, {"src": {"CommitId": "abc"}})


def test_an_action_may_name_the_region_of_its_pipeline_only():
    check(pipeline([{**source(), "region": "us-east-1"}], [build()]))
