"""Lifecycle rules carried out, with a clock moved by hand."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from trunkline.aws.errors import AwsError
from trunkline.core.clock import ManualClock
from trunkline.core.db import Database
from trunkline.engines.objects import FakeObjects
from trunkline.services.s3 import events, lifecycle, store, uploads, versions
from trunkline.services.s3.expiry import Expiry
from trunkline.services.s3.model import Bucket, ObjectVersion, Upload

DAY_S = 86_400


@pytest.fixture
def world(tmp_path):
    db = Database(tmp_path / "state.db")
    db.migrate("s3", [*store.MIGRATIONS, *uploads.MIGRATIONS, *events.MIGRATIONS])
    clock, objects = ManualClock(), FakeObjects()
    kit = SimpleNamespace(db=db, clock=clock, call=None, ledger=None)
    expiry = Expiry(kit, objects, events.Events(kit))
    made = SimpleNamespace(db=db, clock=clock, objects=objects, expiry=expiry)
    made.bucket = Bucket("b", "000000000000", "us-east-1", clock.now())
    db.write_blocking(lambda tx: store.BUCKETS.put(tx, made.bucket))
    yield made
    db.close()


async def configure(world, *rules, versioning=""):
    checked = lifecycle.checked([{"Status": "Enabled", **rule} for rule in rules])
    world.bucket = replace(world.bucket, versioning=versioning, settings={"lifecycle": checked})
    await world.db.write(lambda tx: store.BUCKETS.put(tx, world.bucket))


async def put(world, key, **more):
    item = ObjectVersion("b", key, versions.new_id(world.bucket), world.clock.time(), account="000000000000", **more)
    await world.db.write(lambda tx: versions.place(tx, world.objects, world.bucket, item))


def keys(world):
    return [row["key"] for row in store.list_current(world.db, "b", "", None, 100)]


async def test_objects_expire_at_midnight_after_their_days(world):
    await configure(world, {"Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 2}})
    await world.clock.advance(3600)
    await put(world, "tmp/a")
    await put(world, "keep")
    await world.clock.advance(2 * DAY_S)
    assert await world.expiry.sweep() == 0
    await world.clock.advance(23 * 3600)
    assert await world.expiry.sweep() == 1
    assert keys(world) == ["keep"]


async def test_rules_choose_by_tag_and_size(world):
    scope = {"And": {"Prefix": "", "Tags": [{"Key": "k", "Value": "v"}], "ObjectSizeGreaterThan": 10}}
    await configure(world, {"Filter": scope, "Expiration": {"Days": 1}})
    await put(world, "both", size=11, tags={"k": "v"})
    await put(world, "small", size=10, tags={"k": "v"})
    await put(world, "untagged", size=11)
    await world.clock.advance(2 * DAY_S)
    await world.expiry.sweep()
    assert keys(world) == ["small", "untagged"]


async def test_versions_expire_into_markers_and_then_for_good(world):
    await configure(
        world,
        {"Filter": {}, "Expiration": {"Days": 1}},
        {"Filter": {}, "NoncurrentVersionExpiration": {"NoncurrentDays": 3}},
        {"Filter": {}, "Expiration": {"ExpiredObjectDeleteMarker": True}},
        versioning="Enabled",
    )
    await put(world, "k")
    await world.clock.advance(2 * DAY_S)
    assert await world.expiry.sweep() == 1
    assert store.current(world.db, "b", "k").marker
    assert len(store.noncurrent(world.db, "b", "k")) == 1
    await world.clock.advance(4 * DAY_S)
    assert await world.expiry.sweep() == 2
    assert store.is_empty(world.db, "b")


async def test_newer_versions_are_kept(world):
    rule = {"NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 2}, "Filter": {}}
    await configure(world, rule, versioning="Enabled")
    for _ in range(5):
        await put(world, "k")
    await world.clock.advance(5 * DAY_S)
    assert await world.expiry.sweep() == 2
    assert len(store.noncurrent(world.db, "b", "k")) == 2


async def test_uploads_left_lying_are_aborted(world):
    await configure(world, {"Filter": {"Prefix": "in/"}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}})
    for key in ("in/a", "out/a"):
        upload = Upload("b", key, f"id-{key}", world.clock.time(), "000000000000")
        await world.db.write(lambda tx, upload=upload: uploads.insert(tx, upload))
    await world.clock.advance(3 * DAY_S)
    assert await world.expiry.sweep() == 1
    assert [upload.key for upload in uploads.find(world.db, "b")] == ["out/a"]


async def test_disabled_rules_do_nothing(world):
    await configure(world, {"Status": "Disabled", "Filter": {}, "Expiration": {"Days": 1}})
    await put(world, "k")
    await world.clock.advance(9 * DAY_S)
    assert await world.expiry.sweep() == 0


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"Filter": {}},
        {"Expiration": {"Days": 1}},
        {"Filter": {}, "Prefix": "", "Expiration": {"Days": 1}},
        {"Filter": {}, "Expiration": {"Days": 0}},
        {"Filter": {}, "Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}},
        {"Filter": {}, "Transitions": [{"Days": 1, "StorageClass": "STANDARD_IA"}]},
        {"Filter": {}, "Transitions": [{"StorageClass": "GLACIER"}]},
    ],
)
def test_refuses_rules_that_cannot_be(rule):
    with pytest.raises(AwsError):
        lifecycle.checked([{"Status": "Enabled", **rule}])


async def test_what_is_old_enough_moves_to_colder_classes(world):
    moves = [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 90, "StorageClass": "GLACIER"}]
    await configure(world, {"Filter": {}, "Transitions": moves})
    await put(world, "k")
    for days, expected in ((29, "STANDARD"), (2, "STANDARD_IA"), (60, "GLACIER")):
        await world.clock.advance(days * DAY_S)
        await world.expiry.sweep()
        assert store.current(world.db, "b", "k").storage_class == expected
