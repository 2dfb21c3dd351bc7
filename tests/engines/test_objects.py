"""The contract of engines/objects, run on every driver."""

import asyncio
import hashlib
import os
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from trunkline.core.db import Database
from trunkline.engines.objects import (
    ALGORITHMS,
    FakeObjects,
    FileObjects,
    MissingPieceError,
    Objects,
    Piece,
    TooLargeError,
    Written,
    combined_crc,
    digest_of,
)

SMALL = b"hello"
LARGE = os.urandom(3_000_000)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "core.db")
    yield database
    database.close()


@pytest.fixture(params=["files", "fake"])
async def objects(request: pytest.FixtureRequest, tmp_path: Path, db: Database) -> AsyncIterator[Objects]:
    store: Objects = FileObjects(tmp_path / "objects", db) if request.param == "files" else FakeObjects()
    await store.start()
    yield store
    await store.stop()


async def stream(data: bytes, size: int = 70_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def whole(answer: bytes | AsyncIterator[bytes]) -> bytes:
    return answer if isinstance(answer, bytes) else b"".join([chunk async for chunk in answer])


async def kept(objects: Objects, db: Database, data: bytes) -> Written:
    written = await objects.write(stream(data))
    await db.write(lambda tx: objects.keep(tx, written))
    return written


@pytest.mark.parametrize("data", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "at-once"])
async def test_gives_back_what_was_written(objects: Objects, db: Database, data: bytes, streamed: bool) -> None:
    written = await objects.write(stream(data) if streamed else data, digests=("md5", "crc32", "sha1"))
    await db.write(lambda tx: objects.keep(tx, written))
    assert written.piece == Piece(hashlib.sha256(data).hexdigest(), len(data))
    assert written.digests["md5"] == hashlib.md5(data).digest()
    assert written.digests["sha1"] == hashlib.sha1(data).digest()
    assert written.digests["crc32"] == zlib.crc32(data).to_bytes(4, "big")
    assert await whole(objects.read([written.piece])) == data


async def test_a_verified_sha256_is_not_computed_again(objects: Objects, db: Database) -> None:
    address = hashlib.sha256(LARGE).hexdigest()
    written = await objects.write(stream(LARGE), sha256=address)
    assert written.piece.address == address
    assert written.digests["sha256"] == hashlib.sha256(LARGE).digest()


async def test_reads_any_range_over_several_pieces(objects: Objects, db: Database) -> None:
    datas = [SMALL, LARGE, b"", b"x" * 40_000, b"end"]
    pieces = [(await kept(objects, db, data)).piece for data in datas]
    joined = b"".join(datas)
    for start, length in [(0, None), (0, 3), (3, 10), (5, 1), (2_999_990, 40_100), (len(joined) - 2, None), (7, 0)]:
        end = None if length is None else start + length
        assert await whole(objects.read(pieces, start, length)) == joined[start:end], (start, length)


async def test_bytes_live_as_long_as_the_last_reference(objects: Objects, db: Database) -> None:
    for data in (SMALL, LARGE):
        piece = (await kept(objects, db, data)).piece
        assert (await kept(objects, db, data)).piece == piece
        await db.write(lambda tx, piece=piece: objects.retain(tx, [piece, piece]))
        await db.write(lambda tx, piece=piece: objects.release(tx, [piece, piece, piece]))
        assert await whole(objects.read([piece])) == data
        await db.write(lambda tx, piece=piece: objects.release(tx, [piece]))
        await gone(objects, piece)
        with pytest.raises(MissingPieceError):
            await db.write(lambda tx, piece=piece: objects.retain(tx, [piece]))


async def test_a_rolled_back_keep_refers_to_nothing(objects: Objects, db: Database) -> None:
    for data in (SMALL, LARGE):
        written = await objects.write(data)

        def fails(tx: object, written: Written = written) -> None:
            objects.keep(tx, written)  # type: ignore[arg-type]
            raise RuntimeError("the owner's row was refused")

        with pytest.raises(RuntimeError):
            await db.write(fails)
        objects.discard(written)
        await gone(objects, written.piece)


async def test_a_rolled_back_release_loses_nothing(objects: Objects, db: Database) -> None:
    piece = (await kept(objects, db, LARGE)).piece

    def fails(tx: object) -> None:
        objects.release(tx, [piece])  # type: ignore[arg-type]
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await db.write(fails)
    assert await whole(objects.read([piece])) == LARGE


async def test_discarding_one_write_leaves_the_same_content_of_another(objects: Objects, db: Database) -> None:
    first, second = await asyncio.gather(objects.write(stream(LARGE)), objects.write(stream(LARGE)))
    objects.discard(first)
    await db.write(lambda tx: objects.keep(tx, second))
    assert await whole(objects.read([second.piece])) == LARGE


async def test_a_source_that_fails_leaves_nothing(objects: Objects, db: Database, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield LARGE
        raise ConnectionError("the client went away")

    with pytest.raises(ConnectionError):
        await objects.write(broken())
    assert [path for path in (tmp_path / "objects").rglob("*") if path.is_file()] == []


async def test_refuses_more_than_is_allowed(objects: Objects) -> None:
    for data in (SMALL, LARGE):
        for source in (data, stream(data)):
            with pytest.raises(TooLargeError):
                await objects.write(source, max_bytes=len(data) - 1)


async def test_a_reader_that_began_finishes_after_the_last_release(objects: Objects, db: Database) -> None:
    piece = (await kept(objects, db, LARGE)).piece
    answer = objects.read([piece])
    await db.write(lambda tx: objects.release(tx, [piece]))
    assert await whole(answer) == LARGE


async def test_many_writers_of_same_and_different_content_at_once(objects: Objects, db: Database) -> None:
    contents = [os.urandom(50_000 + n) for n in range(5)]

    async def cycle(data: bytes) -> None:
        for _ in range(5):
            piece = (await kept(objects, db, data)).piece
            assert await whole(objects.read([piece])) == data
            await db.write(lambda tx, piece=piece: objects.release(tx, [piece]))

    await asyncio.gather(*(cycle(data) for data in contents for _ in range(4)))
    for data in contents:
        await gone(objects, Piece(hashlib.sha256(data).hexdigest(), len(data)))


async def test_start_sweeps_what_a_crash_left_and_keeps_the_rest(tmp_path: Path, db: Database) -> None:
    root = tmp_path / "objects"
    before = FileObjects(root, db)
    mine = await kept(before, db, LARGE)
    await before.write(LARGE[:-1])  # published, and the process dies before the commit
    (root / "new" / "half").write_bytes(b"half a piece")
    await before.stop()
    after = FileObjects(root, db)
    await after.start()
    assert [path.name for path in root.rglob("*") if path.is_file()] == [mine.piece.address]
    assert await whole(after.read([mine.piece])) == LARGE
    await after.stop()


async def test_an_abandoned_reader_closes_its_file(tmp_path: Path, db: Database) -> None:
    objects = FileObjects(tmp_path / "objects", db)
    piece = (await kept(objects, db, LARGE)).piece
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(10):
        answer = objects.read([piece])
        assert not isinstance(answer, bytes)
        await anext(answer)
        await answer.aclose()  # type: ignore[attr-defined]
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    await objects.stop()


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_a_digest_in_chunks_is_the_digest_of_the_whole(name: str) -> None:
    digest = ALGORITHMS[name]()
    for start in range(0, 10_000, 999):
        digest.update(LARGE[start : min(start + 999, 10_000)])
    assert digest.digest() == digest_of(name, LARGE[:10_000])


@pytest.mark.parametrize(
    ("name", "check"), [("crc32", "cbf43926"), ("crc32c", "e3069283"), ("crc64nvme", "ae8b14860a799888")]
)
def test_crcs_are_the_published_ones_and_combine(name: str, check: str) -> None:
    assert digest_of(name, b"123456789").hex() == check
    parts = [(digest_of(name, part), len(part)) for part in (b"1234", b"", b"56789")]
    assert combined_crc(name, parts).hex() == check


async def gone(objects: Objects, piece: Piece) -> None:
    async def until_missing() -> None:
        while True:
            try:
                answer = objects.read([piece])
            except MissingPieceError:
                return
            await whole(answer)
            await asyncio.sleep(0.005)

    await asyncio.wait_for(until_missing(), 5)
