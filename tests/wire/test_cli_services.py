"""The aws CLI, versions 1 and 2, against the services around the main job: what people type, and what it prints."""

import base64
import hashlib
import json
import os
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta

from tests.support.server import wait_until


def test_who_am_i_roles_and_sessions(cli, name):
    assert cli("sts", "get-caller-identity")["Arn"] == "arn:aws:iam::000000000000:root"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}
        ],
    }
    role = cli(
        "iam", "create-role", "--role-name", name, "--assume-role-policy-document", cli.file("trust.json", trust)
    )["Role"]
    assert role["AssumeRolePolicyDocument"] == trust
    cli("iam", "wait", "role-exists", "--role-name", name)
    may_list = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    allow = {"Version": "2012-10-17", "Statement": [may_list]}
    cli("iam", "put-role-policy", "--role-name", name, "--policy-name", "p", "--policy-document", json.dumps(allow))
    cli("iam", "create-user", "--user-name", name)
    key = cli("iam", "create-access-key", "--user-name", name)["AccessKey"]
    as_user = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    assert cli("sts", "get-caller-identity", **as_user)["Arn"].endswith(f":user/{name}")
    code, said = cli.refused("s3", "ls", **as_user)
    assert code in (254, 255, 1)
    assert "AccessDenied" in said
    # A profile with a role: the CLI assumes it by itself.
    (cli.home / ".aws").mkdir()
    (cli.home / ".aws" / "config").write_text(
        f"[profile work]\nrole_arn = {role['Arn']}\ncredential_source = Environment\nregion = us-east-1\n"
    )
    if cli.version == "v1":  # version 2.9 takes --endpoint-url for the command only, not for assuming the role
        assert f"assumed-role/{name}/" in cli("--profile", "work", "sts", "get-caller-identity")["Arn"]
    session = cli("sts", "assume-role", "--role-arn", role["Arn"], "--role-session-name", "cli")["Credentials"]
    as_role = {
        "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_SESSION_TOKEN": session["SessionToken"],
    }
    assert cli("sts", "get-caller-identity", **as_role)["Arn"].endswith(f"assumed-role/{name}/cli")
    cli("s3", "ls", **as_role)


def test_code_commit_and_its_errors(cli, name):
    made = cli("codecommit", "create-repository", "--repository-name", name, "--tags", "team=a")["repositoryMetadata"]
    assert made["cloneUrlHttp"] == f"{cli.endpoint}/v1/repos/{name}"
    (cli.home / "a.txt").write_text("hello\n")
    put = cli(
        "codecommit", "put-file", "--repository-name", name, "--branch-name", "main", "--file-path", "a.txt",
        "--file-content", "fileb://a.txt", "--commit-message", "first",
    )  # fmt: skip
    found = cli("codecommit", "get-branch", "--repository-name", name, "--branch-name", "main")["branch"]
    assert found["commitId"] == put["commitId"]
    code, said = cli.refused("codecommit", "create-repository", "--repository-name", name)
    assert code in (254, 255)
    assert "An error occurred (RepositoryNameExistsException) when calling the CreateRepository operation: " in said
    code, said = cli.refused("codecommit", "get-branch", "--repository-name", name, "--branch-name", "absent")
    assert "BranchDoesNotExistException" in said
    code, said = cli.refused("codecommit", "get-repository", "--repository-name", "")
    assert code in (252, 254, 255)
    assert "repositoryName" in said
    cli("codecommit", "delete-repository", "--repository-name", name)


def test_s3_as_files(cli, name):
    """20 MB go up in parts, come down the same, and directories are synchronised."""
    cli("s3", "mb", f"s3://{name}")
    cli("s3api", "wait", "bucket-exists", "--bucket", name)
    big = os.urandom(20_000_000)
    (cli.home / "big").write_bytes(big)
    cli("s3", "cp", "big", f"s3://{name}/big", "--no-progress")
    assert cli("s3api", "head-object", "--bucket", name, "--key", "big")["ETag"].endswith('-3"')
    cli("s3", "cp", f"s3://{name}/big", "back", "--no-progress")
    assert hashlib.sha256((cli.home / "back").read_bytes()).digest() == hashlib.sha256(big).digest()

    site = cli.home / "site"
    for file, text in (("index.html", "<p>"), ("css/a b+ü.css", "p{}"), ("old.txt", "old")):
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).write_text(text)
        os.utime(site / file, (1, 1))  # S3 tells whole seconds: what was written in the same one would look newer
    cli("s3", "sync", "site", f"s3://{name}/site")
    assert cli("s3", "sync", "site", f"s3://{name}/site") == ""
    (site / "old.txt").unlink()
    cli("s3", "sync", "site", f"s3://{name}/site", "--delete")
    cli("s3", "sync", f"s3://{name}/site", "copy")
    assert sorted(str(p.relative_to(cli.home / "copy")) for p in (cli.home / "copy").rglob("*") if p.is_file()) == [
        "css/a b+ü.css", "index.html",
    ]  # fmt: skip
    assert "site/css/a b+ü.css" in cli("s3", "ls", f"s3://{name}", "--recursive")

    assert cli("s3", "cp", "-", f"s3://{name}/piped", stdin=b"from a pipe") == ""
    url = cli("s3", "presign", f"s3://{name}/piped", "--expires-in", "60")
    curl = subprocess.run(["curl", "-fsS", url], check=True, capture_output=True)
    assert curl.stdout == b"from a pipe"
    tampered = subprocess.run(
        ["curl", "-sS", url.replace("/piped?", "/big?")], check=True, capture_output=True, text=True
    )
    assert "SignatureDoesNotMatch" in tampered.stdout
    cli("s3", "mv", f"s3://{name}/piped", f"s3://{name}/moved")
    cli("s3api", "wait", "object-exists", "--bucket", name, "--key", "moved")
    code, said = cli.refused("s3api", "get-object", "--bucket", name, "--key", "piped", "out")
    assert code in (254, 255)
    assert "An error occurred (NoSuchKey) when calling the GetObject operation" in said
    code, said = cli.refused("s3", "rb", f"s3://{name}")
    assert "BucketNotEmpty" in said
    cli("s3", "rb", f"s3://{name}", "--force")
    cli("s3api", "wait", "bucket-not-exists", "--bucket", name)


def pages(cli, member, field, *words):
    """All items of a listing, taken with --max-items and --starting-token as scripts do."""
    found, token = [], []
    while True:
        page = cli(*words, "--max-items", "3", *token)
        found += [item[field] for item in page[member]]
        assert len(page[member]) <= 3
        if "NextToken" not in page:
            return found
        token = ["--starting-token", page["NextToken"]]


def test_pages_with_max_items_and_starting_token(cli, aws, name):
    for number in range(5):
        aws("ssm").put_parameter(Name=f"/{name}/{number}", Value="v", Type="String")
    ssm = ("ssm", "get-parameters-by-path", "--path", f"/{name}")
    wanted = [f"/{name}/{number}" for number in range(5)]
    assert pages(cli, "Parameters", "Name", *ssm) == wanted
    assert pages(cli, "Parameters", "Name", *ssm, "--page-size", "1") == wanted

    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    for number in range(5):
        s3.put_object(Bucket=name, Key=f"{number}", Body=b"")
    listing = ("s3api", "list-objects-v2", "--bucket", name, "--page-size", "2")
    assert pages(cli, "Contents", "Key", *listing) == list("01234")


def test_parameters_secrets_and_keys(cli, name):
    key = cli("kms", "create-key", "--description", name)["KeyMetadata"]["KeyId"]
    cli("kms", "create-alias", "--alias-name", f"alias/{name}", "--target-key-id", key)
    cli("ssm", "put-parameter", "--name", f"/{name}/db", "--value", "s3cret", "--type", "SecureString", "--key-id", key)
    shown = cli("ssm", "get-parameter", "--name", f"/{name}/db")["Parameter"]["Value"]
    assert shown != "s3cret"
    assert cli("ssm", "get-parameter", "--name", f"/{name}/db", "--with-decryption")["Parameter"]["Value"] == "s3cret"
    code, said = cli.refused("ssm", "get-parameter", "--name", f"/{name}/absent")
    assert code in (254, 255)
    assert "ParameterNotFound" in said

    cli("secretsmanager", "create-secret", "--name", name, "--secret-string", '{"user":"a"}', "--kms-key-id", key)
    cli("secretsmanager", "put-secret-value", "--secret-id", name, "--secret-string", '{"user":"b"}')
    assert json.loads(cli("secretsmanager", "get-secret-value", "--secret-id", name)["SecretString"]) == {"user": "b"}
    before = cli("secretsmanager", "get-secret-value", "--secret-id", name, "--version-stage", "AWSPREVIOUS")
    assert json.loads(before["SecretString"]) == {"user": "a"}

    (cli.home / "plain").write_bytes(b"\x00plain")
    sealed = cli("kms", "encrypt", "--key-id", f"alias/{name}", "--plaintext", "fileb://plain")["CiphertextBlob"]
    if cli.version == "v1":  # takes raw bytes, where version 2 takes what it printed
        (cli.home / "sealed").write_bytes(base64.b64decode(sealed))
        sealed = "fileb://sealed"
    opened = cli("kms", "decrypt", "--ciphertext-blob", sealed)
    assert opened["Plaintext"] == "AHBsYWlu"


def test_metrics_alarms_topics_and_rules(cli, name):
    topic = cli("sns", "create-topic", "--name", name)["TopicArn"]
    cli(
        "cloudwatch",
        "put-metric-data",
        "--namespace",
        name,
        "--metric-name",
        "Errors",
        "--value",
        "7",
        "--unit",
        "Count",
    )
    cli(
        "cloudwatch", "put-metric-data", "--namespace", name,
        "--metric-data", '[{"MetricName":"Errors","Values":[1,2],"Counts":[1,2],"Unit":"Count"}]',
    )  # fmt: skip
    now = datetime.now(UTC)
    start, end = (now - timedelta(minutes=5)).isoformat(), (now + timedelta(minutes=5)).isoformat()
    (point, *_) = cli(
        "cloudwatch", "get-metric-statistics", "--namespace", name, "--metric-name", "Errors", "--start-time", start,
        "--end-time", end, "--period", "600", "--statistics", "Sum", "Maximum", "SampleCount",
    )["Datapoints"]  # fmt: skip
    assert (point["Maximum"], point["Unit"]) == (7.0, "Count")
    cli(
        "cloudwatch", "put-metric-alarm", "--alarm-name", name, "--namespace", name, "--metric-name", "Errors",
        "--statistic", "Sum", "--period", "60", "--evaluation-periods", "1", "--threshold", "5",
        "--comparison-operator", "GreaterThanThreshold", "--alarm-actions", topic,
    )  # fmt: skip
    cli("cloudwatch", "wait", "alarm-exists", "--alarm-names", name)
    cli("cloudwatch", "set-alarm-state", "--alarm-name", name, "--state-value", "ALARM", "--state-reason", "a test")
    (alarm,) = cli("cloudwatch", "describe-alarms", "--alarm-names", name)["MetricAlarms"]
    assert (alarm["Threshold"], alarm["AlarmActions"]) == (5.0, [topic])

    assert cli("sns", "publish", "--topic-arn", topic, "--subject", "s", "--message", "m")["MessageId"]
    _, said = cli.refused("sns", "publish", "--topic-arn", f"{topic}x", "--message", "m")
    assert "NotFound" in said

    group = f"/aws/events/{name}"
    cli("logs", "create-log-group", "--log-group-name", group)
    group_arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{group}"
    cli("events", "put-rule", "--name", name, "--event-pattern", json.dumps({"source": [f"app.{name}"]}))
    cli("events", "put-targets", "--rule", name, "--targets", f"Id=log,Arn={group_arn}")
    entry = [{"Source": f"app.{name}", "DetailType": "Hello", "Detail": '{"n": 1}'}]
    assert cli("events", "put-events", "--entries", json.dumps(entry))["FailedEntryCount"] == 0
    found = wait_until(
        lambda: cli("logs", "filter-log-events", "--log-group-name", group, "--filter-pattern", "Hello")["events"],
        20, every_s=0.3, what="the event in the log",
    )  # fmt: skip
    assert json.loads(found[0]["message"])["detail"] == {"n": 1}


def test_images_are_listed_and_missing_ones_named(cli, aws, name):
    made = cli("ecr", "create-repository", "--repository-name", f"team/{name}")["repository"]
    assert made["repositoryArn"].endswith(f":repository/team/{name}")
    assert len(cli("ecr", "get-login-password")) > 100
    assert cli("ecr", "list-images", "--repository-name", f"team/{name}")["imageIds"] == []
    code, said = cli.refused(
        "ecr", "describe-images", "--repository-name", f"team/{name}", "--image-ids", "imageTag=v1"
    )
    assert code in (254, 255)
    assert "An error occurred (ImageNotFoundException) when calling the DescribeImages operation: " in said
    (found,) = cli("ecr", "describe-repositories", "--query", f"repositories[?repositoryName=='team/{name}']")
    assert found["imageTagMutability"] == "MUTABLE"


def test_signatures_and_unknown_keys_are_told_as_aws_tells_them(cli):
    code, said = cli.refused("sts", "get-caller-identity", AWS_SECRET_ACCESS_KEY="wrong")
    assert code in (254, 255)
    assert "SignatureDoesNotMatch" in said
    code, said = cli.refused("sts", "get-caller-identity", AWS_ACCESS_KEY_ID="AKIANOBODY0000000000")
    assert "InvalidClientTokenId" in said
    code, said = cli.refused("codecommit", "list-repositories", AWS_ACCESS_KEY_ID="AKIANOBODY0000000000")
    assert "UnrecognizedClientException" in said


def test_what_is_not_there_is_refused_by_name(cli):
    code, said = cli.refused("codecommit", "list-pull-requests", "--repository-name", "x")
    assert code in (254, 255)
    assert "ListPullRequests" in said
    code, said = cli.refused("dynamodb", "list-tables")
    assert code in (254, 255)
    assert "dynamodb" in said.lower()


def test_logs_as_they_come(cli, aws, name):
    """Version 2 follows with `logs tail`, version 1 with `logs start-live-tail`, an event stream."""
    logs = aws("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    if cli.version == "v1":
        group = f"arn:aws:logs:us-east-1:000000000000:log-group:{name}"
        # The operation's host would be called streaming-127.0.0.1.
        tail = cli.start(
            "logs", "start-live-tail", "--log-group-identifiers", group,
            AWS_DISABLE_HOST_PREFIX_INJECTION="true",
        )  # fmt: skip
    else:
        tail = cli.start("logs", "tail", name, "--follow", "--format", "short")
    stop = threading.Event()

    def write():
        number = 0
        while not stop.wait(0.3):
            number += 1
            event = {"timestamp": int(time.time() * 1000), "message": f"line {number}"}
            logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=[event])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = []
        for line in tail.stdout:
            seen.append(line)
            if "line " in line and sum("line " in each for each in seen) >= 3:
                break
        assert sum("line " in each for each in seen) >= 3, seen
    finally:
        stop.set()
        writer.join()
        tail.terminate()
        tail.wait(10)
