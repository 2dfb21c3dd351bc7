"""Stock git against CodeCommit, with every kind of credentials that AWS's tools give it."""

import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from tests.support.ledger import events
from tests.support.server import ACCESS_KEY, REGION, SECRET_KEY

BIN = Path(sys.executable).parent


class Git:
    """git as a user runs it: an own home, and AWS credentials in the environment."""

    def __init__(self, home: Path, server) -> None:
        self.home = home
        self.url = server.endpoint
        self.env = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
        }
        for key, value in {
            "user.name": "Ada",
            "user.email": "ada@example.com",
            "init.defaultBranch": "main",
            f"credential.{self.url}.UseHttpPath": "true",
        }.items():
            self("config", "--global", key, value)

    def with_aws_helper(self) -> "Git":
        # Only `get`: the CLI does not know --ignore-host-check for git's other two questions.
        helper = '!f() { test "$1" = get && aws codecommit credential-helper --ignore-host-check get; }; f'
        self("config", "--global", f"credential.{self.url}.helper", helper)
        return self

    def with_password(self, user: str, password: str) -> "Git":
        script = self.home / "helper"
        script.write_text(f"#!/bin/sh\necho username='{user}'\necho password='{password}'\n")
        script.chmod(0o700)
        self("config", "--global", f"credential.{self.url}.helper", str(script))
        return self

    def as_user(self, key: dict) -> "Git":
        self.env["AWS_ACCESS_KEY_ID"] = key["AccessKeyId"]
        self.env["AWS_SECRET_ACCESS_KEY"] = key["SecretAccessKey"]
        if "SessionToken" in key:
            self.env["AWS_SESSION_TOKEN"] = key["SessionToken"]
        return self

    def __call__(self, *arguments: str, cwd: Path | None = None, ok: bool = True) -> str:
        done = subprocess.run(
            ["git", *arguments],
            check=False,
            cwd=cwd or self.home,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert not ok or done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def push_something(self, url: str, branch: str = "main", ok: bool = True) -> str:
        folder = self.home / uuid.uuid4().hex
        self("clone", "-q", url, str(folder))
        (folder / f"{folder.name}.txt").write_text("x")
        self("add", ".", cwd=folder)
        self("commit", "-qm", "a change", cwd=folder)
        return self("push", "origin", f"HEAD:refs/heads/{branch}", cwd=folder, ok=ok)


@pytest.fixture
def git(tmp_path, server):
    return Git(tmp_path, server)


@pytest.fixture
def url(aws, name):
    made = aws("codecommit").create_repository(repositoryName=name)
    return made["repositoryMetadata"]["cloneUrlHttp"]


@pytest.fixture
def user(aws, name):
    """A user that may do to repositories what `allow` says."""
    iam = aws("iam")
    iam.create_user(UserName=name)

    def allow(*statements):
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
        return name

    return allow


def allow(*actions, effect="Allow", **more):
    return {"Effect": effect, "Action": [f"codecommit:{a}" for a in actions], "Resource": "*", **more}


def test_the_clis_credential_helper_pushes_and_clones(git, url, server, name, aws):
    git.with_aws_helper().push_something(url)
    git("clone", "-q", url, "again")
    tip = git("rev-parse", "HEAD", cwd=git.home / "again").strip()
    assert aws("codecommit").get_branch(repositoryName=name, branchName="main")["branch"]["commitId"] == tip
    (event,) = events(server, "CodeCommit Repository State Change", repositoryName=name)
    assert (event["event"], event["commitId"]) == ("referenceCreated", tip)
    assert event["callerUserArn"] == "arn:aws:iam::000000000000:root"
    pushes = events(server, "AWS API Call via CloudTrail", eventName="GitPush")
    (push,) = [p for p in pushes if p["additionalEventData"]["repositoryName"] == name]
    assert push["requestParameters"]["references"] == [{"commit": tip, "ref": "refs/heads/main", "deleted": False}]
    assert push["userIdentity"]["type"] == "Root"


def test_the_first_pushed_branch_is_what_a_clone_checks_out(git, url):
    git.with_aws_helper().push_something(url, branch="trunk")
    git("clone", "-q", url, "again")
    assert git("branch", "--show-current", cwd=git.home / "again").strip() == "trunk"


def test_temporary_credentials_are_signed_with_their_token(git, url, aws, name):
    iam = aws("iam")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow("GitPull", "GitPush")]})
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
    key = aws("sts").assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    git.as_user(key).with_aws_helper().push_something(url)


def test_service_specific_credentials(git, url, user, aws):
    name = user(allow("GitPull", "GitPush"))
    made = aws("iam").create_service_specific_credential(UserName=name, ServiceName="codecommit.amazonaws.com")
    credential = made["ServiceSpecificCredential"]
    git.with_password(credential["ServiceUserName"], credential["ServicePassword"]).push_something(url)
    git.with_password(credential["ServiceUserName"], "wrong")
    assert "Authentication failed" in git("clone", url, "x", ok=False)


def test_a_repository_of_another_region_is_found_by_the_signature(git, aws, name, url):
    there = aws("codecommit", region="eu-west-1")
    there.create_repository(repositoryName=name)
    git.env["AWS_DEFAULT_REGION"] = "eu-west-1"
    git.with_aws_helper().push_something(url)
    assert there.list_branches(repositoryName=name)["branches"] == ["main"]
    assert aws("codecommit").list_branches(repositoryName=name)["branches"] == []


def test_without_credentials_nothing_is_served(git, url):
    assert re.search("could not read Username|Authentication failed", git("clone", url, "x", ok=False))


def test_a_wrong_key_is_refused(git, url):
    git.env["AWS_SECRET_ACCESS_KEY"] = "wrong"
    assert "Authentication failed" in git.with_aws_helper()("clone", url, "x", ok=False)


def test_a_signature_for_another_repository_is_refused(git, url, aws, name):
    other = aws("codecommit").create_repository(repositoryName=f"{name}-2")["repositoryMetadata"]["cloneUrlHttp"]
    asked = f"protocol=http\nhost={url.split('/')[2]}\npath=v1/repos/{name}\n"
    helper = ["aws", "codecommit", "credential-helper", "--ignore-host-check", "get"]
    said = subprocess.run(helper, input=asked, env=git.env, capture_output=True, text=True, check=True).stdout
    given = dict(line.split("=", 1) for line in said.splitlines())
    git.with_password(given["username"], given["password"])
    git("clone", "-q", url, "mine")
    assert "Authentication failed" in git("clone", other, "x", ok=False)


def test_an_unknown_repository_is_not_found(git, url):
    assert "not found" in git.with_aws_helper()("clone", f"{url}-none", "x", ok=False)


def test_pulling_and_pushing_are_allowed_apart(git, url, user, aws):
    name = user(allow("GitPull"))
    git.as_user(aws("iam").create_access_key(UserName=name)["AccessKey"]).with_aws_helper()
    assert "403" in git.push_something(url, ok=False)
    user(allow("GitPull", "GitPush"))
    git.push_something(url)
    user(allow("GitPush"))
    assert "403" in git("clone", url, "x", ok=False)


def test_a_policy_protects_a_branch(git, url, user, aws, server):
    protect = allow(
        "GitPush",
        effect="Deny",
        Condition={
            "StringEqualsIfExists": {"codecommit:References": ["refs/heads/main"]},
            "Null": {"codecommit:References": "false"},
        },
    )
    name = user(allow("GitPull", "GitPush"), protect)
    git.as_user(aws("iam").create_access_key(UserName=name)["AccessKey"]).with_aws_helper()
    out = git.push_something(url, ok=False)
    assert "not authorized to push to refs/heads/main" in out
    git.push_something(url, branch="feature")
    found = events(server, "CodeCommit Repository State Change", repositoryName=url.rpartition("/")[2])
    assert [e["referenceName"] for e in found] == ["feature"]


def test_the_default_branch_cannot_be_deleted_by_a_push(git, url):
    git.with_aws_helper().push_something(url)
    out = git("push", url, ":main", cwd=clone(git, url), ok=False)
    assert "refusing to delete the current branch" in out


def test_large_files_and_many_refs(git, url, aws, name):
    folder = clone(git.with_aws_helper(), url)
    (folder / "big.bin").write_bytes(os.urandom(5 << 20))
    git("add", ".", cwd=folder)
    git("commit", "-qm", "big", cwd=folder)
    for number in range(50):
        git("branch", f"b{number}", cwd=folder)
    git("push", "-q", "--all", "origin", cwd=folder)
    assert len(aws("codecommit").list_branches(repositoryName=name)["branches"]) >= 50


def clone(git, url):
    folder = git.home / uuid.uuid4().hex
    git("clone", "-q", url, str(folder))
    return folder
