"""What the tests of ECR share."""

import base64
import hashlib
import json
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError

OCI = "application/vnd.oci.image.manifest.v1+json"


INDEX = "application/vnd.oci.image.index.v1+json"


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


def rule(priority, count, status="any", **more):
    kind = {"countType": "imageCountMoreThan", "countNumber": count}
    return {"rulePriority": priority, "selection": {"tagStatus": status, **kind, **more}, "action": {"type": "expire"}}


def policy(*rules):
    return json.dumps({"rules": rules})


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
