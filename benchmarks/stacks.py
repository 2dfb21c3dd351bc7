"""Stacks: Trunkline beside MiniStack and moto in one run, by wall time from the request to the final status.

    .venv/bin/python benchmarks/stacks.py                   # JSON lines and a table
    .venv/bin/python benchmarks/stacks.py --rounds 1

* 50 SSM parameters that do not depend on one another.
* 200 resources of eight types, in chains that refer to one another, as a template of a team has them.
* The same 200 once more with one more output: an update that changes no resource.

Rounds are interleaved; the figure is the best of them, for each server alike. Trunkline is durable and authorizes and
records every call that a stack makes; the peers keep their state in memory.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.servers import ACCESS_KEY, SECRET_KEY, Server, install_peers

HEALTH = {"trunkline": "/_trunkline/health", "ministack": "/_ministack/health", "moto": "/moto-api/"}
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
Doc = dict[str, Any]


def parameters(count: int) -> Doc:
    """Parameters, each for itself."""
    return {
        f"P{n}": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": f"/bench/p{n}", "Type": "String", "Value": f"v{n}"},
        }
        for n in range(count)
    }


def mixed(count: int) -> Doc:
    """Groups of eight: a role, a bucket, a topic, a queue, a log group, and parameters that refer to them."""
    made: Doc = {}
    for n in range(count // 8):
        role = {"AssumeRolePolicyDocument": _TRUST, "Path": f"/bench{n}/"}
        made[f"Role{n}"] = {"Type": "AWS::IAM::Role", "Properties": role}
        made[f"Bucket{n}"] = {"Type": "AWS::S3::Bucket", "Properties": {}}
        made[f"Topic{n}"] = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": f"topic {n}"}}
        made[f"Queue{n}"] = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 60}}
        made[f"Log{n}"] = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}}
        values = (
            {"Fn::GetAtt": [f"Role{n}", "Arn"]},
            {"Fn::Join": ["/", [{"Ref": f"Bucket{n}"}, {"Ref": f"Topic{n}"}]]},
            {"Fn::Sub": f"${{Queue{n}.Arn}} ${{Log{n}}}"},
        )
        for index, value in enumerate(values):
            properties = {"Name": f"/bench/{n}/{index}", "Type": "String", "Value": value}
            made[f"P{n}x{index}"] = {"Type": "AWS::SSM::Parameter", "Properties": properties}
    return made


class Stacks:
    """One server's stacks, timed."""

    def __init__(self, server: Server) -> None:
        keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
        config = Config(retries={"max_attempts": 0}, read_timeout=300)
        self._client = boto3.client(
            "cloudformation", endpoint_url=server.endpoint, region_name="us-east-1", config=config, **keys
        )

    def create(self, name: str, resources: Doc) -> float:
        body = json.dumps({"Resources": resources})
        return self._timed(name, lambda: self._client.create_stack(
            StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"]))  # fmt: skip

    def update(self, name: str, resources: Doc) -> float:
        outputs = {"Added": {"Value": {"Ref": "AWS::StackName"}}}
        body = json.dumps({"Resources": resources, "Outputs": outputs})
        return self._timed(name, lambda: self._client.update_stack(
            StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"]))  # fmt: skip

    def delete(self, name: str) -> float:
        identifier = self._client.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        return self._timed(identifier, lambda: self._client.delete_stack(StackName=name))

    def _timed(self, name: str, ask: Any) -> float:
        began = time.perf_counter()
        ask()
        while True:
            try:
                status = self._client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
            except ClientError:
                return time.perf_counter() - began  # deleted, where a deleted stack is not told by its id
            if not status.endswith("PROGRESS"):
                if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"):
                    raise RuntimeError(status)
                return time.perf_counter() - began
            time.sleep(0.01)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--servers", type=lambda text: text.split(","), default=list(HEALTH))
    parser.add_argument("--save", type=Path)
    options = parser.parse_args()
    facts: Doc = {"benchmark": "stacks", **install_peers(upgrade=False)}
    best: dict[tuple[str, str], float] = {}
    refused: dict[tuple[str, str], str] = {}
    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as folder:
        servers = [Server(name, Path(folder) / name, HEALTH[name]) for name in options.servers]
        try:
            for server in servers:
                server.start()
            for number in range(options.rounds):
                for server in servers:
                    _round(Stacks(server), server.name, number, best, refused)
        finally:
            for server in servers:
                server.stop()
    lines = [{"what": what, "server": name, "seconds": round(took, 3)} for (what, name), took in best.items()]
    lines += [{"what": what, "server": name, "refused": why} for (what, name), why in refused.items()]
    for line in (facts, *lines):
        print(json.dumps(line))
    if options.save:
        options.save.write_text(json.dumps({**facts, "stacks": lines}, indent=1) + "\n")
    return 0


def _round(
    stacks: Stacks, name: str, number: int, best: dict[tuple[str, str], float], refused: dict[tuple[str, str], str]
) -> None:
    def note(what: str, measure: Any) -> None:
        try:
            took = measure()
        except (BotoCoreError, ClientError, ResponseParserError, RuntimeError) as error:
            refused[what, name] = str(error)[:200]
            return
        best[what, name] = min(took, best.get((what, name), took))

    small, large = f"small-{number}", f"large-{number}"
    note("create 50 parameters", lambda: stacks.create(small, parameters(50)))
    note("delete 50 parameters", lambda: stacks.delete(small))
    note("create 200 mixed", lambda: stacks.create(large, mixed(200)))
    note("update 200 mixed, nothing changed", lambda: stacks.update(large, mixed(200)))
    note("delete 200 mixed", lambda: stacks.delete(large))


if __name__ == "__main__":
    raise SystemExit(main())
