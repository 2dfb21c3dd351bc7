"""The `docker` that builds find: ECR by AWS's name becomes the address at which the engine reaches it."""

import os
import subprocess

import pytest

from trunkline.services.codebuild import docker_command

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """`docker(word, …)` gives what the real command was called with, call by call."""
    monkeypatch.setattr(docker_command, "FOLDER", str(tmp_path / "bin"))
    for folder, text in (
        ("bin", docker_command.script("127.0.0.1:9")),
        ("real", '#!/bin/sh\nprintf "%s|" "$@"; echo\n'),
    ):
        (tmp_path / folder).mkdir()
        command = tmp_path / folder / "docker"
        command.write_text(text)
        command.chmod(0o755)
    path = f"{tmp_path / 'bin'}:{tmp_path / 'real'}:{os.environ['PATH']}"

    def run(*words):
        done = subprocess.run(
            ["docker", *words], env={"PATH": path}, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout.splitlines()

    return run


def test_login_tag_and_push_reach_ecr_here(docker):
    assert docker("login", "--username", "AWS", f"https://{ECR}") == ["login|--username|AWS|127.0.0.1:9|"]
    assert docker("tag", "a:1", f"{ECR}/team/a:1") == ["tag|a:1|127.0.0.1:9/team/a:1|"]
    assert docker("push", f"{ECR}/team/a:1") == ["push|127.0.0.1:9/team/a:1|"]


def test_what_is_not_ecr_stays_as_it_is(docker):
    words = ["run", "--env", "A=b  c", "", "public.ecr.aws/x", "123.dkr.ecr.example.com/x"]
    assert docker(*words) == ["|".join(words) + "|"]


def test_the_image_a_dockerfile_begins_from_is_fetched_first(docker, tmp_path):
    (tmp_path / "Dockerfile").write_text(f"FROM --platform=linux/amd64 {ECR}/base:1 AS one\nFROM scratch\n")
    assert docker("build", "-t", f"{ECR}/a:1", ".") == [
        f"tag|127.0.0.1:9/base:1|{ECR}/base:1|",
        "build|-t|127.0.0.1:9/a:1|.|",
    ]
