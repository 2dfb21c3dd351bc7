"""Pushes to a server that is killed at any moment: none that git was told of is lost, none is told of twice."""

import json
import os
import random
import subprocess
import threading
import time

import pytest
from tests.support.ledger import events
from tests.support.server import Server
from tests.wire.test_git_http import Git

ROUNDS = int(os.environ.get("TRUNKLINE_KILL_ROUNDS", "6"))


@pytest.mark.timeout(60 + 10 * ROUNDS)
def test_every_push_is_an_event_exactly_once(tmp_path):
    random_ = random.Random(os.environ.get("TRUNKLINE_KILL_SEED", "1"))
    with Server(tmp_path / "data") as server:
        client = server.client("codecommit")
        url = client.create_repository(repositoryName="killed")["repositoryMetadata"]["cloneUrlHttp"]
        git = Git(tmp_path, server).with_password(*_user(server.client("iam")))
        work = tmp_path / "work"
        git("clone", "-q", url, str(work))
        acknowledged = set()
        for number in range(ROUNDS):
            (work / f"{number}").write_bytes(os.urandom(200_000))
            git("add", ".", cwd=work)
            git("commit", "-qm", f"{number}", cwd=work)
            killer = threading.Thread(target=_kill, args=(server, random_.uniform(0.0, 0.25)))
            killer.start()
            pushed = subprocess.run(
                ["git", "push", "origin", f"HEAD:refs/heads/b{number}"],
                check=False,
                cwd=work,
                env=git.env,
                capture_output=True,
            )
            if pushed.returncode == 0:
                acknowledged.add(f"b{number}")
            killer.join()
            server.start()
        git("push", "-q", "origin", "HEAD:refs/heads/undisturbed", cwd=work)
        acknowledged.add("undisturbed")
        branches = server.client("codecommit").list_branches(repositoryName="killed")["branches"]
        told = [e["referenceName"] for e in events(server, "CodeCommit Repository State Change")]
        on_disk = git("ls-remote", "--heads", url)
    assert acknowledged <= set(branches)
    assert sorted(told) == sorted(branches)
    assert sorted(line.rpartition("refs/heads/")[2] for line in on_disk.splitlines()) == sorted(branches)


def _user(iam) -> tuple[str, str]:
    """User name and password of somebody who may push; quicker than a credential helper, so that kills hit git."""
    iam.create_user(UserName="pusher")
    statement = {"Effect": "Allow", "Action": "codecommit:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="pusher", PolicyName="p", PolicyDocument=document)
    made = iam.create_service_specific_credential(UserName="pusher", ServiceName="codecommit.amazonaws.com")
    return made["ServiceSpecificCredential"]["ServiceUserName"], made["ServiceSpecificCredential"]["ServicePassword"]


def _kill(server: Server, after_s: float) -> None:
    time.sleep(after_s)
    server.kill()
