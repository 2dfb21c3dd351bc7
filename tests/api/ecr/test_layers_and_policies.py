"""Layers, lifecycle and repository policies."""

import json
import urllib.error
import urllib.request

import pytest
from tests.api.ecr.asking import digest_of, policy, push, refused, rule, upload


def test_layers_are_uploaded_in_parts_and_downloaded(ecr, repository):
    data = b"0123456789" * 100
    digest = upload(ecr, repository, data)
    url = ecr.get_download_url_for_layer(repositoryName=repository, layerDigest=digest)["downloadUrl"]
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == data
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(url[:-1] + ("0" if url[-1] != "0" else "1"))
    assert error.value.code == 403


def test_what_is_wrong_with_a_layer_is_told(ecr, repository):
    upload_id = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
    common = {"repositoryName": repository, "uploadId": upload_id}
    refused("EmptyUploadException", ecr.complete_layer_upload, **common, layerDigests=[digest_of(b"x")])
    gap = {"partFirstByte": 5, "partLastByte": 5, "layerPartBlob": b"x"}
    refused("InvalidLayerPartException", ecr.upload_layer_part, **common, **gap)
    ecr.upload_layer_part(**common, partFirstByte=0, partLastByte=0, layerPartBlob=b"x")
    refused("InvalidLayerException", ecr.complete_layer_upload, **common, layerDigests=[digest_of(b"y")])
    nowhere = {**common, "uploadId": "00000000-0000-0000-0000-000000000000"}
    refused("UploadNotFoundException", ecr.complete_layer_upload, **nowhere, layerDigests=[digest_of(b"x")])
    refused(
        "LayersNotFoundException",
        ecr.get_download_url_for_layer,
        repositoryName=repository,
        layerDigest=digest_of(b"none"),
    )
    upload(ecr, repository, b"twice")
    with pytest.raises(ecr.exceptions.LayerAlreadyExistsException):
        upload(ecr, repository, b"twice")


def test_a_lifecycle_policy_is_previewed_and_applied(ecr, repository):
    digests = [push(ecr, repository, f"v{n}", str(n).encode()) for n in range(3)]
    text = policy(rule(1, 1))
    ecr.start_lifecycle_policy_preview(repositoryName=repository, lifecyclePolicyText=text)
    preview = ecr.get_lifecycle_policy_preview(repositoryName=repository)
    assert {r["imageDigest"] for r in preview["previewResults"]} == set(digests[:2])
    assert preview["summary"] == {"expiringImageTotalCount": 2}
    ecr.put_lifecycle_policy(repositoryName=repository, lifecyclePolicyText=text)
    from tests.support.server import wait_until

    wait_until(lambda: ecr.get_lifecycle_policy(repositoryName=repository).get("lastEvaluatedAt"))
    assert [i["imageDigest"] for i in ecr.list_images(repositoryName=repository)["imageIds"]] == digests[2:]
    ecr.delete_lifecycle_policy(repositoryName=repository)
    refused("LifecyclePolicyNotFoundException", ecr.get_lifecycle_policy, repositoryName=repository)


@pytest.mark.parametrize(
    "text",
    [
        "not json" * 20,
        policy() + " " * 100,
        policy(rule(1, 0)),
        policy(rule(1, 1), rule(1, 2, "untagged")),
        policy(rule(1, 1, "tagged")),
        policy(rule(1, 1, countUnit="days")),
        policy(rule(1, 1), rule(2, 1, "untagged")),
        policy({**rule(1, 1), "action": {"type": "delete"}}),
    ],
)
def test_malformed_lifecycle_policies_are_refused(ecr, repository, text):
    refused("InvalidParameterException", ecr.put_lifecycle_policy, repositoryName=repository, lifecyclePolicyText=text)


def test_repository_policies_are_kept_and_checked(ecr, repository):
    refused("RepositoryPolicyNotFoundException", ecr.get_repository_policy, repositoryName=repository)
    refused("InvalidParameterException", ecr.set_repository_policy, repositoryName=repository, policyText="{}")
    text = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "ecr:BatchGetImage"}],
        }
    )
    ecr.set_repository_policy(repositoryName=repository, policyText=text)
    assert ecr.get_repository_policy(repositoryName=repository)["policyText"] == text
    ecr.delete_repository_policy(repositoryName=repository)
