"""The registry engine's contract, over HTTP as clients use it."""

import asyncio
import json
import os

import pytest

from tests.engines.registry_server import INDEX, OCI, manifest, serving, sha256


@pytest.fixture
async def served(tmp_path):
    async with serving(tmp_path) as served:
        yield served


def code(answer):
    return json.loads(answer.content_bytes)["errors"][0]["code"]


async def test_version_check(served):
    answer = await served.ask("GET", "/v2/")
    assert answer.status == 200
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


# blobs ---------------------------------------------------------------------------------------------------------------


async def test_a_blob_pushed_in_one_request_is_pulled(served):
    data = os.urandom(3 << 20)
    digest = await served.push_blob(data)
    answer = await served.ask("GET", f"/v2/one/blobs/{digest}")
    assert answer.content_bytes == data
    assert answer.headers["Docker-Content-Digest"] == digest
    head = await served.ask("HEAD", f"/v2/one/blobs/{digest}")
    assert (head.status, head.headers["Content-Length"]) == (200, str(len(data)))


async def test_a_blob_pushed_as_post_then_put(served):
    begun = await served.ask("POST", "/v2/one/blobs/uploads/")
    assert begun.status == 202
    digest = sha256(b"data")
    answer = await served.ask("PUT", begun.headers["Location"] + f"?digest={digest}", data=b"data")
    assert answer.status == 201
    assert answer.headers["Location"] == f"/v2/one/blobs/{digest}"


async def test_a_blob_pushed_in_chunks_and_resumed(served):
    location = (await served.ask("POST", "/v2/one/blobs/uploads/")).headers["Location"]
    first = await served.ask("PATCH", location, data=b"01234", headers={"Content-Range": "0-4"})
    assert (first.status, first.headers["Range"]) == (202, "0-4")
    early = await served.ask("PATCH", location, data=b"9", headers={"Content-Range": "9-9"})
    assert (early.status, early.headers["Range"]) == (416, "0-4")
    status = await served.ask("GET", location)
    assert (status.status, status.headers["Range"]) == (204, "0-4")
    await served.ask("PATCH", location, data=b"56789", headers={"Content-Range": "5-9"})
    answer = await served.ask("PUT", location + f"?digest={sha256(b'0123456789')}")
    assert answer.status == 201


async def test_a_chunk_shorter_than_it_says_is_forgotten(served):
    location = (await served.ask("POST", "/v2/one/blobs/uploads/")).headers["Location"]
    answer = await served.ask("PATCH", location, data=b"012", headers={"Content-Range": "0-9"})
    assert answer.status == 416
    done = await served.ask("PUT", location + f"?digest={sha256(b'abc')}", data=b"abc")
    assert done.status == 201


async def test_an_upload_goes_on_after_a_restart(served, tmp_path):
    location = (await served.ask("POST", "/v2/one/blobs/uploads/")).headers["Location"]
    await served.ask("PATCH", location, data=b"before ")
    async with serving(tmp_path) as again:
        status = await again.ask("GET", location)
        assert status.headers["Range"] == "0-6"
        done = await again.ask("PUT", location + f"?digest={sha256(b'before after')}", data=b"after")
        assert done.status == 201


async def test_a_wrong_digest_is_refused_and_leaves_nothing(served):
    answer = await served.ask("POST", f"/v2/one/blobs/uploads/?digest={sha256(b'other')}", data=b"data")
    assert (answer.status, code(answer)) == (400, "DIGEST_INVALID")
    assert (await served.ask("HEAD", f"/v2/one/blobs/{sha256(b'other')}")).status == 404
    assert list(served.registry._uploads._root.iterdir()) == []


async def test_a_cancelled_upload_is_unknown(served):
    location = (await served.ask("POST", "/v2/one/blobs/uploads/")).headers["Location"]
    assert (await served.ask("DELETE", location)).status == 204
    answer = await served.ask("GET", location)
    assert (answer.status, code(answer)) == (404, "BLOB_UPLOAD_UNKNOWN")
    assert (await served.ask("DELETE", location)).status == 404


async def test_another_repositorys_upload_is_unknown(served):
    location = (await served.ask("POST", "/v2/one/blobs/uploads/")).headers["Location"]
    answer = await served.ask("PATCH", location.replace("/one/", "/team/two/"), data=b"x")
    assert answer.status == 404


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        ("bytes=0-3", 206, b"0123"),
        ("bytes=4-", 206, b"456789"),
        ("bytes=-3", 206, b"789"),
        ("bytes=8-100", 206, b"89"),
        ("bytes=10-", 416, None),
        ("bytes=5-2", 416, None),
        ("bytes=0-", 200, b"0123456789"),
        ("lines=1-2", 200, b"0123456789"),
    ],
)
async def test_ranges(served, asked, status, expected):
    digest = await served.push_blob(b"0123456789")
    answer = await served.ask("GET", f"/v2/one/blobs/{digest}", headers={"Range": asked})
    assert answer.status == status
    if expected is not None:
        assert answer.content_bytes == expected


async def test_a_blob_is_seen_only_by_the_repositories_that_have_it(served):
    digest = await served.push_blob(b"shared")
    assert (await served.ask("HEAD", f"/v2/team/two/blobs/{digest}")).status == 404
    answer = await served.ask("POST", f"/v2/team/two/blobs/uploads/?mount={digest}&from=one")
    assert answer.status == 201
    assert (await served.ask("HEAD", f"/v2/team/two/blobs/{digest}")).status == 200


async def test_a_mount_that_is_not_possible_becomes_an_upload(served):
    digest = await served.push_blob(b"secret data", "secret")
    for query in (f"mount={digest}&from=secret", f"mount={digest}&from=none", f"mount={sha256(b'no')}&from=one"):
        answer = await served.ask("POST", f"/v2/one/blobs/uploads/?{query}")
        assert answer.status == 202
        assert answer.headers["Docker-Upload-UUID"]


async def test_sha512_blobs(served):
    import hashlib

    digest = "sha512:" + hashlib.sha512(b"data").hexdigest()
    assert (await served.ask("POST", f"/v2/one/blobs/uploads/?digest={digest}", data=b"data")).status == 201
    assert (await served.ask("GET", f"/v2/one/blobs/{digest}")).content_bytes == b"data"


async def test_deleting_a_blob(served):
    digest = await served.push_blob(b"x")
    assert (await served.ask("DELETE", f"/v2/one/blobs/{digest}")).status == 202
    assert (await served.ask("DELETE", f"/v2/one/blobs/{digest}")).status == 404


async def test_the_same_blob_pushed_at_once_by_many(served):
    data = os.urandom(2 << 20)
    names = ["one", "team/two"] * 5
    assert set(await asyncio.gather(*(served.push_blob(data, name) for name in names))) == {sha256(data)}
    assert (await served.ask("GET", f"/v2/one/blobs/{sha256(data)}")).content_bytes == data


# manifests -----------------------------------------------------------------------------------------------------------


async def test_an_image_is_pulled_by_tag_and_by_digest(served):
    digest, body = await served.push_image("v1")
    for reference in ("v1", digest):
        answer = await served.ask("GET", f"/v2/one/manifests/{reference}")
        assert (answer.content_bytes, answer.headers["Content-Type"]) == (body, OCI)
    head = await served.ask("HEAD", "/v2/one/manifests/v1")
    assert (head.headers["Docker-Content-Digest"], head.headers["Content-Length"]) == (digest, str(len(body)))


async def test_a_manifest_whose_blobs_are_missing_is_refused(served):
    body = manifest(sha256(b"nope"), [(sha256(b"neither"), 3)])
    answer = await served.ask("PUT", "/v2/one/manifests/v1", data=body, headers={"Content-Type": OCI})
    assert code(answer) == "MANIFEST_BLOB_UNKNOWN"
    assert json.loads(answer.content_bytes)["errors"][0]["detail"] == [sha256(b"nope"), sha256(b"neither")]
    assert (await served.ask("GET", "/v2/one/manifests/v1")).status == 404


async def test_an_index_needs_its_manifests(served):
    digest, body = await served.push_image()
    entry = {
        "mediaType": OCI,
        "digest": digest,
        "size": len(body),
        "platform": {"os": "linux", "architecture": "amd64"},
    }
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}).encode()
    headers = {"Content-Type": INDEX}
    assert (await served.ask("PUT", "/v2/one/manifests/multi", data=index, headers=headers)).status == 201
    answer = await served.ask("PUT", "/v2/team/two/manifests/multi", data=index, headers=headers)
    assert code(answer) == "MANIFEST_BLOB_UNKNOWN"
    assert served.registry.parents("one", digest) == [sha256(index)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'{"schemaVersion": 1}',
        b'{"schemaVersion": 2, "mediaType": "text/plain"}',
        b'{"schemaVersion": 2, "config": 3, "layers": []}',
        b'{"schemaVersion": 2, "config": {"digest": "sha256:zz", "size": 1}, "layers": []}',
        b'{"schemaVersion": 2, "manifests": {}}',
    ],
)
async def test_malformed_manifests_are_refused(served, body):
    answer = await served.ask("PUT", "/v2/one/manifests/v1", data=body)
    assert (answer.status, code(answer)) == (400, "MANIFEST_INVALID")


async def test_a_manifest_pushed_under_another_digest_is_refused(served):
    _, body = await served.push_image()
    path = f"/v2/one/manifests/{sha256(b'other')}"
    assert code(await served.ask("PUT", path, data=body, headers={"Content-Type": OCI})) == "DIGEST_INVALID"


async def test_a_content_type_that_contradicts_the_manifest_is_refused(served):
    _, body = await served.push_image()
    answer = await served.ask("PUT", "/v2/one/manifests/x", data=body, headers={"Content-Type": INDEX})
    assert code(answer) == "MANIFEST_INVALID"


async def test_a_tag_moves_and_the_old_manifest_stays(served):
    one, _ = await served.push_image("v", layer=b"1")
    two, _ = await served.push_image("v", layer=b"2")
    assert (await served.ask("HEAD", "/v2/one/manifests/v")).headers["Docker-Content-Digest"] == two
    assert (await served.ask("HEAD", f"/v2/one/manifests/{one}")).status == 200


async def test_tags_are_listed_in_pages(served):
    for number in range(5):
        await served.push_image(f"v{number}")
    first = await served.ask("GET", "/v2/one/tags/list?n=2")
    assert json.loads(first.content_bytes) == {"name": "one", "tags": ["v0", "v1"]}
    rest = first.headers["Link"].partition("<")[2].partition(">")[0]
    second = await served.ask("GET", rest)
    assert json.loads(second.content_bytes)["tags"] == ["v2", "v3"]
    everything = await served.ask("GET", "/v2/one/tags/list")
    assert len(json.loads(everything.content_bytes)["tags"]) == 5
    assert "Link" not in everything.headers


async def test_deleting_a_tag_keeps_the_image_and_deleting_the_image_removes_its_tags(served):
    digest, _ = await served.push_image("a")
    await served.push_image("b")
    assert (await served.ask("DELETE", "/v2/one/manifests/a")).status == 202
    assert (await served.ask("GET", "/v2/one/manifests/b")).status == 200
    assert (await served.ask("DELETE", f"/v2/one/manifests/{digest}")).status == 202
    assert code(await served.ask("GET", "/v2/one/manifests/b")) == "MANIFEST_UNKNOWN"


async def test_referrers_are_listed_and_filtered(served):
    subject, body = await served.push_image("v1")
    about = {"mediaType": OCI, "digest": subject, "size": len(body)}
    sbom, _ = await served.push_image(
        "sbom", layer=b"sbom", subject=about, artifactType="application/spdx", annotations={"by": "syft"}
    )
    await served.push_image("sig", layer=b"sig", subject=about, artifactType="application/sig")
    answer = await served.ask("GET", f"/v2/one/referrers/{subject}")
    assert answer.headers["Content-Type"] == INDEX
    assert len(json.loads(answer.content_bytes)["manifests"]) == 2
    answer = await served.ask("GET", f"/v2/one/referrers/{subject}?artifactType=application/spdx")
    assert answer.headers["OCI-Filters-Applied"] == "artifactType"
    (found,) = json.loads(answer.content_bytes)["manifests"]
    assert (found["digest"], found["artifactType"], found["annotations"]) == (sbom, "application/spdx", {"by": "syft"})
    assert json.loads((await served.ask("GET", f"/v2/one/referrers/{sha256(b'?')}")).content_bytes)["manifests"] == []


# errors and housekeeping ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/v2/none/tags/list", 404, "NAME_UNKNOWN"),
        ("GET", "/v2/UPPER/tags/list", 400, "NAME_INVALID"),
        ("GET", "/v2/a//b/tags/list", 400, "NAME_INVALID"),
        ("GET", "/v2/one/blobs/sha256:short", 400, "DIGEST_INVALID"),
        ("GET", "/v2/one/blobs/..%2f..%2fetc", 404, "UNSUPPORTED"),
        ("GET", "/v2/one/nonsense", 404, "UNSUPPORTED"),
        ("POST", "/v2/one/tags/list", 405, "UNSUPPORTED"),
        ("PUT", "/v2/one/manifests/.bad", 400, "TAG_INVALID"),
        ("PATCH", "/v2/one/blobs/uploads/..", 404, None),
        ("PATCH", "/v2/one/blobs/uploads/nope", 404, "BLOB_UPLOAD_UNKNOWN"),
        ("GET", "/v2/one/tags/list?n=many", 400, "UNSUPPORTED"),
    ],
)
async def test_bad_requests_get_the_specified_errors(served, method, path, status, error):
    answer = await served.ask(method, path)
    assert answer.status == status
    if error:
        assert code(answer) == error


async def test_collecting_deletes_what_no_manifest_needs(served):
    kept, _ = await served.push_image("kept", layer=b"kept")
    await served.push_image("gone", layer=b"gone")
    await served.push_blob(b"never used")
    await served.ask("POST", "/v2/one/blobs/uploads/")
    assert await served.registry.collect() == 0
    gone = (await served.ask("HEAD", "/v2/one/manifests/gone")).headers["Docker-Content-Digest"]
    await served.ask("DELETE", f"/v2/one/manifests/{gone}")
    assert await served.registry.collect(grace_s=-1) == len(b"gone") + len(b"never used")
    assert (await served.ask("GET", f"/v2/one/blobs/{sha256(b'kept')}")).content_bytes == b"kept"
    assert (await served.ask("HEAD", f"/v2/one/blobs/{sha256(b'gone')}")).status == 404
    assert not served.registry._files.path(sha256(b"never used")).exists()
    assert (await served.ask("GET", f"/v2/one/manifests/{kept}")).status == 200


async def test_a_dropped_repository_is_empty(served):
    digest, _ = await served.push_image("v1")
    await served.db.write(lambda tx: served.registry.drop(tx, "one"))
    assert (await served.ask("GET", f"/v2/one/manifests/{digest}")).status == 404
    assert served.registry.tags("one") == []
    assert await served.registry.collect(grace_s=-1) > 0
