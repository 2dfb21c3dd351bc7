"""Merged branches; events and triggers of moved references."""

from tests.api.codecommit.asking import put, refused, state_changes


def test_branches_are_merged(codecommit, repository, first):
    codecommit.create_branch(repositoryName=repository, branchName="work", commitId=first)
    work = put(codecommit, repository, {"w": b"1"}, first, branch="work")
    sides = {"repositoryName": repository, "sourceCommitSpecifier": "work", "destinationCommitSpecifier": "main"}
    options = codecommit.get_merge_options(**sides)
    assert options["mergeOptions"] == ["FAST_FORWARD_MERGE", "SQUASH_MERGE", "THREE_WAY_MERGE"]
    assert codecommit.merge_branches_by_fast_forward(**sides)["commitId"] == work
    main = put(codecommit, repository, {"m": b"1"}, work)
    work2 = put(codecommit, repository, {"w2": b"1"}, work, branch="work")
    refused("ManualMergeRequiredException", codecommit.merge_branches_by_fast_forward, **sides)
    merged = codecommit.merge_branches_by_three_way(**sides)["commitId"]
    commit = codecommit.get_commit(repositoryName=repository, commitId=merged)["commit"]
    assert commit["parents"] == [main, work2]


def test_conflicting_branches_are_not_merged(codecommit, repository, first):
    codecommit.create_branch(repositoryName=repository, branchName="work", commitId=first)
    put(codecommit, repository, {"README.md": b"ours"}, first)
    put(codecommit, repository, {"README.md": b"theirs"}, first, branch="work")
    sides = {"repositoryName": repository, "sourceCommitSpecifier": "work", "destinationCommitSpecifier": "main"}
    assert "README.md" in refused("ManualMergeRequiredException", codecommit.merge_branches_by_squash, **sides)
    assert codecommit.get_merge_options(**sides)["mergeOptions"] == []


def test_every_moved_reference_is_an_event(codecommit, server, repository, first):
    second = put(codecommit, repository, {"a": b"1"}, first)
    codecommit.create_branch(repositoryName=repository, branchName="x", commitId=first)
    codecommit.delete_branch(repositoryName=repository, branchName="x")
    found = state_changes(server, repository)
    assert [(e["event"], e["referenceName"], e.get("oldCommitId"), e.get("commitId")) for e in found] == [
        ("referenceCreated", "main", None, first),
        ("referenceUpdated", "main", first, second),
        ("referenceCreated", "x", None, first),
        ("referenceDeleted", "x", first, None),
    ]
    assert found[0]["referenceFullName"] == "refs/heads/main"
    assert found[0]["referenceType"] == "branch"
    assert found[0]["callerUserArn"] == "arn:aws:iam::000000000000:root"


def test_triggers_go_to_topics_and_functions_only(codecommit, repository):
    trigger = {"name": "t", "destinationArn": "arn:aws:sqs:us-east-1:000000000000:q", "branches": [], "events": ["all"]}
    code = "InvalidRepositoryTriggerDestinationArnException"
    refused(code, codecommit.put_repository_triggers, repositoryName=repository, triggers=[trigger])
    trigger["destinationArn"] = "arn:aws:lambda:us-east-1:000000000000:function:f"
    codecommit.put_repository_triggers(repositoryName=repository, triggers=[trigger])


def test_triggers_are_kept(codecommit, repository):
    trigger = {
        "name": "t",
        "destinationArn": "arn:aws:sns:us-east-1:000000000000:topic",
        "customData": "c",
        "branches": ["main"],
        "events": ["updateReference"],
    }
    made = codecommit.put_repository_triggers(repositoryName=repository, triggers=[trigger])
    found = codecommit.get_repository_triggers(repositoryName=repository)
    assert (found["configurationId"], found["triggers"]) == (made["configurationId"], [trigger])
    elsewhere = {**trigger, "destinationArn": "arn:aws:sns:eu-west-1:000000000000:topic"}
    refused(
        "InvalidRepositoryTriggerRegionException",
        codecommit.put_repository_triggers,
        repositoryName=repository,
        triggers=[elsewhere],
    )


def test_a_trigger_publishes_to_its_topic(codecommit, aws, repository):
    topic = aws("sns").create_topic(Name=repository)["TopicArn"]
    trigger = {"name": "t", "destinationArn": topic, "branches": [], "events": ["all"]}
    missing = {**trigger, "name": "u", "destinationArn": f"{topic}-none"}
    answer = codecommit.test_repository_triggers(repositoryName=repository, triggers=[trigger, missing])
    assert answer["successfulExecutions"] == ["t"]
    assert [f["trigger"] for f in answer["failedExecutions"]] == ["u"]


def test_pull_requests_are_refused_by_name(codecommit, repository):
    message = refused("NotImplemented", codecommit.get_pull_request, pullRequestId="1")
    assert "GetPullRequest" in message
