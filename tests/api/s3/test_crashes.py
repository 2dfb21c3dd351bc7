"""S3 killed before and after single commits: what was acknowledged is there, and no bytes are left over."""

import os
import shutil
import sqlite3

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.api.s3.told import MIB
from tests.support.server import Server

BODIES = {"small": os.urandom(900), "large": os.urandom(80_000), "larger": os.urandom(2 * MIB)}


def work(s3, may_be):
    """A sequence of writes. `may_be` holds what each key may be found as: one body once a write is acknowledged."""

    def put(key, body, write):
        may_be[key] = [*may_be.get(key, [None]), body]
        write()
        may_be[key] = [body]

    s3.create_bucket(Bucket="crashes")
    may_be.clear()
    for key, body in BODIES.items():
        put(key, body, lambda key=key, body=body: s3.put_object(Bucket="crashes", Key=key, Body=body))
    again = BODIES["large"]
    put("small", again, lambda: s3.put_object(Bucket="crashes", Key="small", Body=again))
    put("copy", BODIES["larger"], lambda: s3.copy_object(Bucket="crashes", Key="copy", CopySource="crashes/larger"))
    upload = s3.create_multipart_upload(Bucket="crashes", Key="parts")["UploadId"]
    where = {"Bucket": "crashes", "Key": "parts", "UploadId": upload}
    halves = [os.urandom(5 * MIB), b"end"]
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**where, PartNumber=n, Body=half)["ETag"]}
        for n, half in enumerate(halves, start=1)
    ]
    whole = {"Parts": parts}
    put("parts", b"".join(halves), lambda: s3.complete_multipart_upload(**where, MultipartUpload=whole))
    put("larger", None, lambda: s3.delete_object(Bucket="crashes", Key="larger"))


def content(s3, key):
    try:
        return s3.get_object(Bucket="crashes", Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None


def files(data_dir):
    return {path.name for path in (data_dir / "objects").glob("??/*")}


def referred(data_dir):
    with sqlite3.connect(data_dir / "state.db") as db:
        return {row[0].hex() for row in db.execute("SELECT address FROM objects_pieces WHERE data IS NULL")}


@pytest.fixture(scope="module")
def started_before(tmp_path_factory):
    """A data directory that a server was started on, and how many commits starting on it again makes."""
    folder = tmp_path_factory.mktemp("started")
    count = folder / "commits"
    count.touch()
    with Server(folder / "data", env={"TRUNKLINE_COUNT_COMMITS": str(count)}) as server:
        server.stop()
        before = count.stat().st_size
        server.start()
        commits = count.stat().st_size - before
    return folder / "data", commits


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("commit", [4, 9])
def test_killed_at_a_commit(tmp_path, started_before, commit, side):
    template, commits = started_before
    shutil.copytree(template, tmp_path / "data")
    server = Server(tmp_path / "data").start(env={"TRUNKLINE_CRASH_AT": f"{commits + commit}:{side}"})
    try:
        may_be = {}
        with pytest.raises((BotoCoreError, ClientError)):
            work(server.client("s3"), may_be)
        server.process.wait(10)
        s3 = server.start().client("s3")
        for key, bodies in may_be.items():
            assert content(s3, key) in bodies, key
        assert files(server.data_dir) == referred(server.data_dir)
    finally:
        server.kill()
