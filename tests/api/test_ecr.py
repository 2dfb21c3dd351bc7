"""ECR as boto3 uses it, and its registry over HTTP."""

import base64
import hashlib
import json
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from tests.support.ledger import events

OCI = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.fixture
def ecr(aws):
    return aws("ecr")


@pytest.fixture
def repository(ecr, name):
    ecr.create_repository(repositoryName=name)
    return name


def refused(code, call, **params):
    with pytest.raises(ClientError) as error:
        call(**params)
    assert error.value.response["Error"]["Code"] == code
    return error.value.response["Error"]["Message"]


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def upload(ecr, repository, data):
    begun = ecr.initiate_layer_upload(repositoryName=repository)
    half = max(1, len(data) // 2)
    for first, last in ((0, half - 1), (half, len(data) - 1)):
        if last >= first:
            ecr.upload_layer_part(
                repositoryName=repository,
                uploadId=begun["uploadId"],
                partFirstByte=first,
                partLastByte=last,
                layerPartBlob=data[first : last + 1],
            )
    digest = digest_of(data)
    ecr.complete_layer_upload(repositoryName=repository, uploadId=begun["uploadId"], layerDigests=[digest])
    return digest


def manifest(config, layer, size):
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": OCI,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer, "size": size}],
        }
    )


def push(ecr, repository, tag=None, content=b"layer"):
    """A small image through the API; its digest."""
    for data in (b"{}", content):
        found = ecr.batch_check_layer_availability(repositoryName=repository, layerDigests=[digest_of(data)])
        if found["layers"][0]["layerAvailability"] != "AVAILABLE":
            upload(ecr, repository, data)
    text = manifest(digest_of(b"{}"), digest_of(content), len(content))
    more = {"imageTag": tag} if tag else {}
    image = ecr.put_image(repositoryName=repository, imageManifest=text, **more)["image"]
    assert image["imageId"]["imageDigest"] == digest_of(text.encode())
    return image["imageId"]["imageDigest"]


# repositories --------------------------------------------------------------------------------------------------------


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


# images --------------------------------------------------------------------------------------------------------------


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


# layers --------------------------------------------------------------------------------------------------------------


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


# lifecycle policies --------------------------------------------------------------------------------------------------


def rule(priority, count, status="any", **more):
    kind = {"countType": "imageCountMoreThan", "countNumber": count}
    return {"rulePriority": priority, "selection": {"tagStatus": status, **kind, **more}, "action": {"type": "expire"}}


def policy(*rules):
    return json.dumps({"rules": rules})


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


# policies and tokens -------------------------------------------------------------------------------------------------


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


class Registry:
    """The /v2/ API with a token's credentials."""

    def __init__(self, server, client):
        (data,) = client.get_authorization_token()["authorizationData"]
        assert base64.b64decode(data["authorizationToken"]).startswith(b"AWS:")
        assert data["proxyEndpoint"] == server.endpoint
        self.token, self.endpoint = data["authorizationToken"], server.endpoint

    def status(self, method, path, data=None, token=None, **headers):
        headers["Authorization"] = f"Basic {token or self.token}"
        request = urllib.request.Request(self.endpoint + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code


def test_the_token_opens_the_registry_and_nothing_else_does(ecr, server, repository):
    registry = Registry(server, ecr)
    assert registry.status("GET", "/v2/") == 200
    for bad in (b"AWS:x", b"AWS:" + base64.b64decode(registry.token)[4:-1] + b"!", b"root:x"):
        assert registry.status("GET", "/v2/", token=base64.b64encode(bad).decode()) == 401
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(server.endpoint + "/v2/")
    assert error.value.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert registry.status("GET", f"/v2/{repository}-none/tags/list") == 404


def test_docker_gets_what_policies_allow(ecr, aws, server, repository, name):
    push(ecr, repository, "v1")
    iam = aws("iam")
    iam.create_user(UserName=name)

    def allow(*actions):
        statement = {"Effect": "Allow", "Action": [f"ecr:{a}" for a in actions], "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)

    allow("GetAuthorizationToken")
    key = iam.create_access_key(UserName=name)["AccessKey"]
    registry = Registry(server, aws("ecr", key=key["AccessKeyId"], secret=key["SecretAccessKey"]))
    path = f"/v2/{repository}/manifests/v1"
    assert registry.status("GET", path) == 403
    allow("GetAuthorizationToken", "BatchGetImage", "GetDownloadUrlForLayer")
    assert registry.status("GET", path) == 200
    assert registry.status("GET", f"/v2/{repository}/blobs/{digest_of(b'layer')}") == 200
    assert registry.status("POST", f"/v2/{repository}/blobs/uploads/", b"") == 403
    assert registry.status("DELETE", path) == 403
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    assert registry.status("GET", path) == 401


def test_a_repository_policy_lets_docker_in(ecr, aws, server, repository, name):
    push(ecr, repository, "v1")
    iam = aws("iam")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    statement = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    registry = Registry(server, aws("ecr", key=key["AccessKeyId"], secret=key["SecretAccessKey"]))
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": ["ecr:BatchGetImage"]}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert registry.status("GET", f"/v2/{repository}/manifests/v1") == 403
    ecr.set_repository_policy(repositoryName=repository, policyText=text)
    assert registry.status("GET", f"/v2/{repository}/manifests/v1") == 200


def test_the_registry_refuses_to_move_an_immutable_tag(ecr, server, repository):
    push(ecr, repository, "v1", b"1")
    push(ecr, repository, "v2", b"2")
    ecr.put_image_tag_mutability(repositoryName=repository, imageTagMutability="IMMUTABLE")
    registry = Registry(server, ecr)
    text = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "v2"}])["images"][0]["imageManifest"]
    headers = {"Content-Type": OCI}
    assert registry.status("PUT", f"/v2/{repository}/manifests/v1", text.encode(), **headers) == 400
    assert registry.status("PUT", f"/v2/{repository}/manifests/v2", text.encode(), **headers) == 201


def test_replication_is_refused_by_name(ecr):
    rules = [{"destinations": [{"region": "eu-west-1", "registryId": "000000000000"}]}]
    refused("NotImplemented", ecr.put_replication_configuration, replicationConfiguration={"rules": rules})
    assert ecr.describe_registry()["replicationConfiguration"] == {"rules": []}
