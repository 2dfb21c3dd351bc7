"""What docker gets, and what it does not."""

import base64
import json
import urllib.error
import urllib.request

import pytest
from tests.api.ecr.asking import OCI, Registry, digest_of, push, refused


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
