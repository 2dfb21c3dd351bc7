"""CodeBuild through boto3: projects without containers, builds in real ones."""

import io
import json
import subprocess
import uuid
import zipfile

import pytest
from botocore.exceptions import ClientError
from tests.support.roles import service_role
from tests.support.server import Server, wait_until

ENVIRONMENT = {
    "type": "LINUX_CONTAINER",
    "image": "aws/codebuild/standard:7.0",
    "computeType": "BUILD_GENERAL1_SMALL",
}
GOOD = """
version: 0.2
env:
  variables: {PORT: 8080}
  parameter-store: {FROM_SSM: /%(name)s/parameter}
  exported-variables: [GREETING]
phases:
  install:
    commands: ["export CARRIED=over", "mkdir -p deep; cd deep"]
  build:
    commands:
      - test "$CARRIED" = over && test "$(basename $PWD)" = deep && test $PORT = 8080
      - echo "from ssm $FROM_SSM"
      - export GREETING="two words"
      - cd "$CODEBUILD_SRC_DIR" && python3 -m pytest -q --junitxml=out/junit.xml test_it.py
      - aws sts get-caller-identity
    finally: [echo finally runs]
reports:
  unit: {files: [junit.xml], base-directory: out}
artifacts:
  files: ['out/**/*', test_it.py]
"""
SOURCE = {"test_it.py": "def test_good():\n    assert True\n"}


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


def refused(code, call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return caught.value.response["Error"]["Message"]


class Builds:
    """A project over a zip in S3, and its builds."""

    def __init__(self, aws, name):
        self.aws, self.name = aws, name
        self.codebuild, self.s3 = aws("codebuild"), aws("s3")
        self.role = service_role(aws, name, "codebuild")
        self.s3.create_bucket(Bucket=name)

    def project(self, buildspec, files=None, **more):
        self.s3.put_object(
            Bucket=self.name, Key="in.zip", Body=zipped({"buildspec.yml": buildspec, **(files or SOURCE)})
        )
        self.codebuild.create_project(
            **{
                "name": self.name,
                "source": {"type": "S3", "location": f"{self.name}/in.zip"},
                "artifacts": {"type": "NO_ARTIFACTS"},
                "environment": ENVIRONMENT,
                "serviceRole": self.role,
                **more,
            }
        )
        return self

    def start(self, **more):
        return self.codebuild.start_build(projectName=self.name, **more)["build"]["id"]

    def build(self, build_id):
        return self.codebuild.batch_get_builds(ids=[build_id])["builds"][0]

    def ended(self, build_id, timeout_s=60):
        def look():
            build = self.build(build_id)
            return build if build["buildComplete"] else None

        return wait_until(look, timeout_s, what="the end of the build")

    def run(self, **more):
        return self.ended(self.start(**more))

    def output(self, build):
        events = self.aws("logs").get_log_events(
            logGroupName=build["logs"]["groupName"], logStreamName=build["logs"]["streamName"], startFromHead=True
        )["events"]
        return [event["message"] for event in events]


def failure(build):
    """The phase that failed, its code and what it says."""
    phase = next(p for p in build["phases"] if p.get("phaseStatus") not in ("SUCCEEDED", None))
    return phase["phaseType"], phase["contexts"][0]["statusCode"], phase["contexts"][0]["message"]


@pytest.fixture
def builds(real, name):
    return Builds(real, name)


def containers_of(build):
    token = build["id"].split(":")[1]
    return subprocess.run(
        ["docker", "ps", "-aq", "--filter", f"name={token}"], capture_output=True, text=True, check=True
    ).stdout.split()


@pytest.mark.docker
def test_a_build_runs_its_phases_reports_its_tests_and_uploads_its_artifacts(builds, real):
    real("ssm").put_parameter(Name=f"/{builds.name}/parameter", Value="parameter value", Type="String")
    artifacts = {"type": "S3", "location": builds.name, "path": "to", "name": "out.zip", "packaging": "ZIP"}
    build = builds.project(GOOD % {"name": builds.name}, artifacts=artifacts).run()
    assert build["buildStatus"] == "SUCCEEDED", (failure(build), builds.output(build))
    assert [phase["phaseType"] for phase in build["phases"]] == [
        "SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD",
        "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED",
    ]  # fmt: skip
    assert build["exportedEnvironmentVariables"] == [{"name": "GREETING", "value": "two words"}]
    output = builds.output(build)
    for line in ("from ssm parameter value", "finally runs"):
        assert output.count(line) == 1, output
    assert any(f"assumed-role/{builds.name}" in line for line in output)
    stored = builds.s3.get_object(Bucket=builds.name, Key="to/out.zip")["Body"].read()
    assert sorted(zipfile.ZipFile(io.BytesIO(stored)).namelist()) == ["out/junit.xml", "test_it.py"]
    report = builds.codebuild.batch_get_reports(reportArns=build["reportArns"])["reports"][0]
    assert report["testSummary"]["statusCounts"]["SUCCEEDED"] == 1
    cases = builds.codebuild.describe_test_cases(reportArn=report["arn"])["testCases"]
    assert [case["name"] for case in cases] == ["test_good"]
    group = builds.codebuild.batch_get_report_groups(reportGroupArns=[report["reportGroupArn"]])["reportGroups"][0]
    assert group["name"] == f"{builds.name}-unit"
    assert report["arn"] in builds.codebuild.list_reports_for_report_group(reportGroupArn=group["arn"])["reports"]
    assert containers_of(build) == []


@pytest.mark.docker
def test_a_failing_command_ends_its_phase_skips_the_next_but_not_post_build(builds):
    spec = """
version: 0.2
phases:
  build: {commands: [exit 3, echo never]}
  post_build: {commands: [echo after $CODEBUILD_BUILD_SUCCEEDING]}
"""
    build = builds.project(spec).run()
    assert build["buildStatus"] == "FAILED"
    assert failure(build) == (
        "BUILD",
        "COMMAND_EXECUTION_ERROR",
        "Error while executing command: exit 3. Reason: exit status 3",
    )
    output = builds.output(build)
    assert "after 0" in output
    assert "never" not in output


@pytest.mark.docker
@pytest.mark.parametrize(
    ("spec", "phase", "code", "says"),
    [
        ("version: 0.2\nphases: [", "DOWNLOAD_SOURCE", "YAML_FILE_ERROR", "does not parse at line"),
        ("version: 0.2\n", "DOWNLOAD_SOURCE", "YAML_FILE_ERROR", "no phases"),
        ("version: 9\nphases: {build: {commands: [ls]}}", "DOWNLOAD_SOURCE", "YAML_FILE_ERROR", "version"),
        (
            "version: 0.2\nphases: {build: {commands: ['echo no > junit.xml']}}\nreports: {unit: {files: [junit.xml]}}",
            "UPLOAD_ARTIFACTS",
            "CLIENT_ERROR",
            "is not XML",
        ),
        (
            "version: 0.2\nphases: {build: {commands: [ls]}}\nreports: {unit: {files: [absent.xml]}}",
            "UPLOAD_ARTIFACTS",
            "CLIENT_ERROR",
            "No report files match absent.xml",
        ),
    ],
)
def test_what_cannot_be_read_is_told_in_one_sentence(builds, spec, phase, code, says):
    build = builds.project(spec).run()
    assert build["buildStatus"] == "FAILED"
    assert failure(build)[:2] == (phase, code)
    assert says in failure(build)[2]
    assert containers_of(build) == []


@pytest.mark.docker
def test_an_image_that_does_not_exist_fails_provisioning(builds):
    environment = {**ENVIRONMENT, "image": "127.0.0.1:1/nothing:1"}
    build = builds.project(GOOD, environment=environment).run()
    assert failure(build)[:2] == ("PROVISIONING", "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE")


@pytest.mark.docker
def test_a_source_or_artifact_that_is_not_there_says_so(builds):
    spec = "version: 0.2\nphases: {build: {commands: [ls]}}\nartifacts: {files: [absent]}\n"
    artifacts = {"type": "S3", "location": builds.name, "name": "out.zip", "packaging": "ZIP"}
    build = builds.project(spec, artifacts=artifacts).run()
    assert "no matching artifact paths found: absent" in failure(build)[2]
    missing = builds.run(sourceTypeOverride="S3", sourceLocationOverride=f"{builds.name}/absent.zip")
    assert failure(missing)[0] == "DOWNLOAD_SOURCE"
    assert "absent.zip" in failure(missing)[2]


@pytest.mark.docker
def test_a_build_can_be_stopped_and_leaves_nothing_behind(builds):
    spec = "version: 0.2\nphases: {build: {commands: [echo begun, sleep 300]}}\n"
    build_id = builds.project(spec).start()
    wait_until(lambda: builds.build(build_id)["currentPhase"] == "BUILD", 30, what="the build phase")
    builds.codebuild.stop_build(id=build_id)
    build = builds.ended(build_id)
    assert build["buildStatus"] == "STOPPED"
    assert failure(build)[0] == "BUILD"
    assert containers_of(build) == []


@pytest.mark.docker
def test_a_build_goes_on_while_the_server_is_dead_and_loses_no_line(tmp_path):
    server = Server(tmp_path / "data", containers="docker").start()
    try:
        builds = Builds(server.client, f"t-{uuid.uuid4().hex[:8]}")
        spec = "version: 0.2\nphases: {build: {commands: ['for i in $(seq 1 40); do echo line $i; sleep 0.1; done']}}\n"
        build_id = builds.project(spec).start()
        wait_until(lambda: builds.build(build_id)["currentPhase"] == "BUILD", 30, what="the build phase")
        server.kill()
        server.start()
        build = builds.ended(build_id)
        assert build["buildStatus"] == "SUCCEEDED", failure(build)
        lines = [line for line in builds.output(build) if line.startswith("line ")]
        assert lines == [f"line {n}" for n in range(1, 41)]
    finally:
        server.remove()


@pytest.mark.docker
def test_the_same_token_starts_one_build_and_a_retry_starts_another(builds):
    spec = "version: 0.2\nphases: {build: {commands: [ls]}}\n"
    token = uuid.uuid4().hex
    build_id = builds.project(spec).start(idempotencyToken=token)
    assert builds.start(idempotencyToken=token) == build_id
    builds.ended(build_id)
    again = builds.codebuild.retry_build(id=build_id)["build"]
    assert again["buildNumber"] == 2
    builds.ended(again["id"])
    assert builds.codebuild.list_builds_for_project(projectName=builds.name)["ids"] == [again["id"], build_id]
    deleted = builds.codebuild.batch_delete_builds(ids=[build_id, "nobody:x"])
    assert deleted["buildsDeleted"] == [build_id]
    assert deleted["buildsNotDeleted"][0]["id"] == "nobody:x"


def test_projects_are_kept_as_given_changed_listed_and_deleted(aws, name):
    codebuild = aws("codebuild")
    role = "arn:aws:iam::000000000000:role/x"
    given = {
        "name": name,
        "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2\nphases: {build: {commands: [ls]}}"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": ENVIRONMENT,
        "serviceRole": role,
        "tags": [{"key": "team", "value": "a"}],
    }
    made = codebuild.create_project(**given)["project"]
    assert made["arn"] == f"arn:aws:codebuild:us-east-1:000000000000:project/{name}"
    assert made["timeoutInMinutes"] == 60
    assert made["tags"] == given["tags"]
    refused("ResourceAlreadyExistsException", codebuild.create_project, **given)
    changed = codebuild.update_project(name=name, description="new", timeoutInMinutes=5)["project"]
    assert (changed["description"], changed["timeoutInMinutes"], changed["serviceRole"]) == ("new", 5, role)
    found = codebuild.batch_get_projects(names=[name, "nobody"])
    assert [p["name"] for p in found["projects"]] == [name]
    assert found["projectsNotFound"] == ["nobody"]
    assert name in [n for page in codebuild.get_paginator("list_projects").paginate() for n in page["projects"]]
    codebuild.delete_project(name=name)
    refused("ResourceNotFoundException", codebuild.start_build, projectName=name)
    refused("ResourceNotFoundException", codebuild.update_project, name=name, description="x")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "-bad"}, "Value '-bad' at 'name'"),
        ({"source": {"type": "GITHUB", "location": "ext::sh -c id"}}, "HTTPS address"),
        ({"source": {"type": "CODESTAR", "location": "https://example.com/x"}}, "CODESTAR"),
        ({"source": {"type": "NO_SOURCE"}}, "inline buildspec"),
        ({"source": {"type": "S3", "location": "bucket-only"}}, "bucket/key"),
        ({"artifacts": {"type": "S3"}}, "location"),
        ({"artifacts": {"type": "CODEPIPELINE"}}, "CODEPIPELINE"),
        ({"environment": {**ENVIRONMENT, "type": "WINDOWS_CONTAINER"}}, "WINDOWS_CONTAINER"),
        ({"vpcConfig": {"vpcId": "vpc-1", "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}}, "vpcConfig"),
        ({"cache": {"type": "S3"}}, "cache"),
        ({"serviceRole": "me"}, "service role"),
        ({"badgeEnabled": True}, "badgeEnabled"),
    ],
)
def test_a_project_that_cannot_be_is_refused_by_name(aws, name, change, says):
    codebuild = aws("codebuild")
    given = {
        "name": name,
        "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": ENVIRONMENT,
        "serviceRole": "arn:aws:iam::000000000000:role/x",
        **change,
    }
    assert says in refused("InvalidInputException", codebuild.create_project, **given)
    assert codebuild.batch_get_projects(names=[given["name"]])["projects"] == []


def test_a_service_role_may_be_given_by_its_name(aws, name):
    codebuild = aws("codebuild")
    arn = service_role(aws, name, "codebuild")
    made = codebuild.create_project(
        name=name,
        source={"type": "NO_SOURCE", "buildspec": "version: 0.2"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment=ENVIRONMENT,
        serviceRole=name,
    )
    assert made["project"]["serviceRole"] == arn


def test_report_groups_are_made_listed_and_deleted(aws, name):
    codebuild = aws("codebuild")
    group = codebuild.create_report_group(name=name, type="TEST", exportConfig={"exportConfigType": "NO_EXPORT"})
    arn = group["reportGroup"]["arn"]
    assert arn in codebuild.list_report_groups()["reportGroups"]
    refused(
        "ResourceAlreadyExistsException",
        codebuild.create_report_group,
        name=name,
        type="TEST",
        exportConfig={"exportConfigType": "NO_EXPORT"},
    )
    refused("InvalidInputException", codebuild.create_report_group, name="cov", type="CODE_COVERAGE", exportConfig={})
    refused("ResourceNotFoundException", codebuild.list_reports_for_report_group, reportGroupArn=arn + "x")
    refused("ResourceNotFoundException", codebuild.describe_test_cases, reportArn=arn)
    codebuild.delete_report_group(arn=arn)
    assert codebuild.batch_get_report_groups(reportGroupArns=[arn])["reportGroupsNotFound"] == [arn]


@pytest.mark.docker
def test_a_role_that_codebuild_may_not_assume_is_the_reason(real, name):
    """Not even the image is pulled in the name of a role that does not trust CodeBuild."""
    builds = Builds(real, name)
    real("iam").update_assume_role_policy(
        RoleName=name,
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
            }
        ),
    )
    build = builds.project(GOOD).run()
    assert build["buildStatus"] == "FAILED"
    assert failure(build)[1] == "ACCESS_DENIED"
