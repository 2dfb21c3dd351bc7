"""Repositories and their images."""

import json

import pytest
from tests.api.ecr.asking import INDEX, OCI, digest_of, manifest, push, refused
from tests.support.ledger import events


def test_a_repository_is_described_with_its_uri(ecr, server, name):
    made = ecr.create_repository(repositoryName=f"team/{name}", tags=[{"Key": "a", "Value": "1"}])["repository"]
    assert made["repositoryUri"] == f"127.0.0.1:{server.port}/team/{name}"
    assert made["repositoryArn"] == f"arn:aws:ecr:us-east-1:000000000000:repository/team/{name}"
    assert made["imageTagMutability"] == "MUTABLE"
    assert ecr.describe_repositories(repositoryNames=[f"team/{name}"])["repositories"] == [made]
    assert ecr.list_tags_for_resource(resourceArn=made["repositoryArn"])["tags"] == [{"Key": "a", "Value": "1"}]


def test_repositories_are_paged(ecr, name):
    for number in range(3):
        ecr.create_repository(repositoryName=f"{name}-{number}")
    pages = ecr.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 1})
    found = [r["repositoryName"] for page in pages for r in page["repositories"]]
    assert [n for n in found if n.startswith(name)] == [f"{name}-{n}" for n in range(3)]
    refused("InvalidParameterException", ecr.describe_repositories, nextToken="nonsense")


def test_what_is_wrong_with_a_repository_is_told(ecr, repository, name):
    refused("RepositoryAlreadyExistsException", ecr.create_repository, repositoryName=repository)
    refused("InvalidParameterException", ecr.create_repository, repositoryName="UPPER")
    refused("RepositoryNotFoundException", ecr.describe_repositories, repositoryNames=[f"{name}-none"])
    refused("RepositoryNotFoundException", ecr.list_images, repositoryName=f"{name}-none")
    kms = {"encryptionType": "KMS"}
    refused("NotImplemented", ecr.create_repository, repositoryName=f"{name}-k", encryptionConfiguration=kms)


def test_a_repository_with_images_is_deleted_by_force_only(ecr, repository):
    push(ecr, repository, "v1")
    refused("RepositoryNotEmptyException", ecr.delete_repository, repositoryName=repository)
    ecr.delete_repository(repositoryName=repository, force=True)
    ecr.create_repository(repositoryName=repository)
    assert ecr.list_images(repositoryName=repository)["imageIds"] == []


def test_scanning_is_recorded_and_refused_by_name(ecr, repository):
    wanted = {"scanOnPush": True}
    ecr.put_image_scanning_configuration(repositoryName=repository, imageScanningConfiguration=wanted)
    found = ecr.describe_repositories(repositoryNames=[repository])["repositories"][0]
    assert found["imageScanningConfiguration"] == wanted
    message = refused("NotImplemented", ecr.start_image_scan, repositoryName=repository, imageId={"imageTag": "x"})
    assert "scan" in message


def test_an_image_is_listed_described_and_fetched(ecr, repository):
    digest = push(ecr, repository, "v1", b"12345")
    assert ecr.list_images(repositoryName=repository)["imageIds"] == [{"imageDigest": digest, "imageTag": "v1"}]
    (found,) = ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert (found["imageDigest"], found["imageTags"], found["imageSizeInBytes"]) == (digest, ["v1"], 5)
    assert found["imageManifestMediaType"] == OCI
    answer = ecr.batch_get_image(
        repositoryName=repository, imageIds=[{"imageTag": "v1"}, {"imageTag": "none"}, {"imageDigest": "bad"}]
    )
    assert [i["imageId"] for i in answer["images"]] == [{"imageDigest": digest, "imageTag": "v1"}]
    assert [f["failureCode"] for f in answer["failures"]] == ["ImageNotFound", "InvalidImageDigest"]
    assert ecr.describe_images(repositoryName=repository)["imageDetails"][0]["lastRecordedPullTime"]


def test_images_that_are_not_there(ecr, repository):
    message = refused(
        "ImageNotFoundException", ecr.describe_images, repositoryName=repository, imageIds=[{"imageTag": "none"}]
    )
    assert "imageTag:'none'" in message


def test_images_are_paged_and_filtered(ecr, repository):
    tagged = {push(ecr, repository, f"v{n}", str(n).encode()) for n in range(3)}
    untagged = push(ecr, repository, None, b"no tag")
    pages = ecr.get_paginator("describe_images").paginate(repositoryName=repository, PaginationConfig={"PageSize": 1})
    assert {i["imageDigest"] for page in pages for i in page["imageDetails"]} == {*tagged, untagged}
    found = ecr.list_images(repositoryName=repository, filter={"tagStatus": "UNTAGGED"})["imageIds"]
    assert found == [{"imageDigest": untagged}]


def test_an_image_needs_its_layers(ecr, repository):
    text = manifest(digest_of(b"no"), digest_of(b"neither"), 7)
    refused("LayersNotFoundException", ecr.put_image, repositoryName=repository, imageManifest=text)
    refused("InvalidParameterException", ecr.put_image, repositoryName=repository, imageManifest="{}")
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [{"digest": digest_of(b"x"), "size": 1}]}
    refused(
        "ReferencedImagesNotFoundException", ecr.put_image, repositoryName=repository, imageManifest=json.dumps(index)
    )


def test_the_same_image_is_not_put_twice(ecr, repository):
    push(ecr, repository, "v1")
    with pytest.raises(ecr.exceptions.ImageAlreadyExistsException):
        push(ecr, repository, "v1")
    push(ecr, repository, "v2")


def test_immutable_tags_stay(ecr, repository):
    first = push(ecr, repository, "v1", b"1")
    push(ecr, repository, "dev", b"1")
    ecr.put_image_tag_mutability(
        repositoryName=repository,
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "dev*"}],
    )
    with pytest.raises(ecr.exceptions.ImageTagAlreadyExistsException):
        push(ecr, repository, "v1", b"2")
    push(ecr, repository, "dev", b"2")
    (found,) = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": "v1"}])["imageDetails"]
    assert found["imageDigest"] == first


def test_deleting_tags_and_images(ecr, repository, server):
    digest = push(ecr, repository, "a")
    push(ecr, repository, "b")
    answer = ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": "a"}, {"imageTag": "none"}])
    assert answer["imageIds"] == [{"imageDigest": digest, "imageTag": "a"}]
    assert [f["failureCode"] for f in answer["failures"]] == ["ImageNotFound"]
    assert ecr.list_images(repositoryName=repository)["imageIds"] == [{"imageDigest": digest, "imageTag": "b"}]
    ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": "b"}])
    assert ecr.list_images(repositoryName=repository)["imageIds"] == []
    push(ecr, repository, "c")
    answer = ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageDigest": digest}])
    assert answer["imageIds"] == [{"imageDigest": digest, "imageTag": "c"}]
    found = events(server, "ECR Image Action", **{"repository-name": repository})
    assert [(e["action-type"], e["image-tag"]) for e in found] == [
        ("PUSH", "a"),
        ("PUSH", "b"),
        ("DELETE", "a"),
        ("DELETE", "b"),
        ("PUSH", "c"),
        ("DELETE", "c"),
    ]
    assert found[0] == {
        "action-type": "PUSH",
        "result": "SUCCESS",
        "repository-name": repository,
        "image-digest": digest,
        "image-tag": "a",
    }


def test_an_image_that_an_index_lists_is_kept(ecr, repository):
    digest = push(ecr, repository)
    size = len(manifest(digest_of(b"{}"), digest_of(b"layer"), 5))
    entry = {"mediaType": OCI, "digest": digest, "size": size}
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]})
    ecr.put_image(repositoryName=repository, imageManifest=index, imageTag="multi")
    answer = ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageDigest": digest}])
    assert [f["failureCode"] for f in answer["failures"]] == ["ImageReferencedByManifestList"]
