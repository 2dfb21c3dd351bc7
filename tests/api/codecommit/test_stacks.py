"""Repositories of stacks, with what they begin with."""

import io
import zipfile

import pytest
from tests.support.stacks import Stacks

FILES = 130  # more than one commit takes


@pytest.fixture
def code(aws, name):
    """An archive in S3 with many files, one of them executable."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(FILES):
            archive.writestr(f"src/{number}.txt", str(number))
        script = zipfile.ZipInfo("run.sh")
        script.external_attr = 0o755 << 16
        archive.writestr(script, "#!/bin/sh\n")
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="code.zip", Body=packed.getvalue())
    yield {"BranchName": "trunk", "S3": {"Bucket": name, "Key": "code.zip"}}
    s3.delete_object(Bucket=name, Key="code.zip")
    s3.delete_bucket(Bucket=name)


def test_a_repository_begins_with_the_files_of_its_archive(aws, name, code):
    stacks = Stacks(aws("cloudformation"), name)
    properties = {"RepositoryName": name, "Code": code}
    repository = {"Type": "AWS::CodeCommit::Repository", "Properties": properties}
    assert stacks.create({"Repository": repository}) == "CREATE_COMPLETE"
    codecommit = aws("codecommit")
    assert codecommit.get_repository(repositoryName=name)["repositoryMetadata"]["defaultBranch"] == "trunk"
    folder = codecommit.get_folder(repositoryName=name, folderPath="src")
    assert len(folder["files"]) == FILES
    assert codecommit.get_file(repositoryName=name, filePath="run.sh")["fileMode"] == "EXECUTABLE"
    assert stacks.delete() == "DELETE_COMPLETE"
