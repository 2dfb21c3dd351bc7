"""Files out of artifacts: archives come from builds, so nothing about them is trusted."""

import io
import zipfile
from types import SimpleNamespace

import pytest

from trunkline.aws.errors import AwsError
from trunkline.services.codepipeline.action import ActionFailed
from trunkline.services.codepipeline.actions import files, task_definitions


def zipped(**contents):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return out.getvalue()


def holding(body):
    async def download(artifact):
        return body

    return SimpleNamespace(download=download)


async def test_a_file_is_found_by_its_path():
    action = holding(zipped(**{"a/b.txt": "é", ".hidden": "h"}))
    assert await files.text(action, "x", "a/b.txt") == "é"
    assert await files.text(action, "x", "./a/b.txt") == "é"
    assert await files.text(action, "x", ".hidden") == "h"


def damaged():
    body = bytearray(zipped(a="text that deflates " * 50))
    body[40:50] = b"\xff" * 10
    return bytes(body)


@pytest.mark.parametrize(
    ("body", "path", "says"),
    [
        (b"", "a", "not a readable zip file"),
        (b"no zip", "a", "not a readable zip file"),
        (damaged(), "a", "not a readable zip file"),
        (zipped(a="x"), "b", "The artifact x has no file b."),
        (zipped(a=b"\xff\xfe\xff"), "a", "is not text"),
        (zipped(a="x" * 5_000_000), "a", "is too large"),
    ],
    ids=["empty", "no-zip", "damaged", "missing", "binary", "bomb"],
)
async def test_what_cannot_be_read_is_told_in_one_sentence(body, path, says):
    with pytest.raises(ActionFailed, match=says) as caught:
        await files.text(holding(body), "x", path)
    assert caught.value.code == "InvalidArtifact"


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "nope"])
def test_what_is_not_json_is_told(text):
    with pytest.raises(ActionFailed, match=r"taskdef.json is not valid JSON"):
        files.json(text, "taskdef.json")


class Ecs:
    """An action whose calls reach an ECS with one family."""

    id = "action-1"

    def __init__(self, newest=None):
        self.newest, self.registered = newest, []

    async def call(self, service, operation, params):
        if operation == "DescribeTaskDefinition":
            if self.newest is None:
                raise AwsError("ClientException", "Unable to describe task definition.")
            return self.newest
        self.registered.append(params)
        return {"taskDefinition": {"taskDefinitionArn": "arn:new"}}

    look = call  # as CodePipeline itself


async def test_a_definition_is_registered_without_what_only_answers_have():
    ecs = Ecs()
    definition = {"family": "f", "revision": 3, "status": "ACTIVE", "cpu": None, "tags": [{"key": "a", "value": "b"}]}
    assert await task_definitions.register(ecs, definition) == "arn:new"
    tags = [{"key": "a", "value": "b"}, {"key": "codepipeline:action-execution-id", "value": "action-1"}]
    assert ecs.registered == [{"family": "f", "tags": tags}]


async def test_a_definition_that_a_first_try_registered_is_taken():
    tag = {"key": "codepipeline:action-execution-id", "value": "action-1"}
    ecs = Ecs({"taskDefinition": {"taskDefinitionArn": "arn:there"}, "tags": [tag]})
    assert await task_definitions.register(ecs, {"family": "f"}) == "arn:there"
    assert ecs.registered == []


@pytest.mark.parametrize(
    ("definition", "says"),
    [({}, "names no family"), ({"family": "f", "tags": "x"}, "tags"), ({"family": "f", "tags": ["x"]}, "tags")],
)
async def test_a_definition_that_makes_no_sense_is_told(definition, says):
    with pytest.raises(ActionFailed, match=says):
        await task_definitions.register(Ecs(), definition)
