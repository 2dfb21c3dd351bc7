"""The pieces of the container engines that need no engine to be tested."""

import random

import pytest

from trunkline.engines.containers import ContainersUnavailable, Ulimit
from trunkline.engines.containers.cursor import CursorTracker
from trunkline.engines.containers.docker import DockerContainers, encoding, stats
from trunkline.engines.containers.docker.images import split_reference
from trunkline.engines.containers.docker.networks import _candidates
from trunkline.engines.containers.docker.privileges import grantable, granted_capabilities
from trunkline.engines.containers.docker.streams import Demultiplexer, LineJoiner


def test_a_cursor_never_loses_or_repeats_a_line_wherever_the_reader_stops():
    rng = random.Random(7)
    log, at = [], 10**18
    for number in range(5000):
        at += rng.choice([0, 0, 1, 1000, 20_000_000])
        # stderr and stdout are written by two copiers: some lines land behind newer ones
        log.append((at - rng.choice([0, 0, 0, 3_000_000]), number))
    read, cursor = [], None
    while len(read) < len(log):
        tracker = CursorTracker(cursor)
        budget = rng.randrange(1, 900)
        for stamp, number in [line for line in log if line[0] >= tracker.since_ns]:
            after = tracker.advance(stamp)
            if after is None:
                continue
            read.append(number)
            cursor = after
            budget -= 1
            if not budget:
                break
    assert read == [number for _, number in log]


def test_a_cursor_survives_a_broken_connection_within_one_reader():
    log = [(10**18 + n * 10_000_000, n) for n in range(2000)]
    tracker, read, rng = CursorTracker(), [], random.Random(3)
    while len(read) < len(log):
        cut = rng.randrange(1, 700)
        for stamp, number in [line for line in log if line[0] >= tracker.since_ns][: cut + 600]:
            if tracker.advance(stamp) is not None:
                read.append(number)
        tracker.resume()
    assert read == [number for _, number in log]


def test_frames_are_found_however_the_stream_is_cut():
    stream = b"".join(bytes([kind, 0, 0, 0]) + len(data).to_bytes(4, "big") + data for kind, data in _FRAMES)
    for size in (1, 3, 8, 9, 1000):
        demultiplexer, found = Demultiplexer(), []
        for start in range(0, len(stream), size):
            found += demultiplexer.feed(stream[start : start + size])
        assert found == [("stdout" if kind == 1 else "stderr", data) for kind, data in _FRAMES]


_FRAMES = [(1, b"hello\n"), (2, b""), (2, b"bad\n" * 50), (1, b"x" * 300)]


def test_long_lines_that_docker_cut_become_one_line_again():
    joiner = LineJoiner()
    assert joiner.feed("stdout", b"2026-01-02T03:04:05.000000001Z aaaa") is None
    assert joiner.feed("stderr", b"2026-01-02T03:04:05.000000003Z other\n") == (1767323045000000003, b"other")
    assert joiner.feed("stdout", b"2026-01-02T03:04:05.000000002Z bbbb\n") == (1767323045000000001, b"aaaabbbb")
    assert joiner.feed("stdout", b"2026-01-02T03:04:06.5Z last") is None
    assert joiner.rest() == [("stdout", 1767323046500000000, b"last")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        ("1970-01-01T00:00:01.5Z", 1_500_000_000),
        ("1970-01-01T01:00:01.000000007+01:00", 1_000_000_007),
        ("1969-12-31T23:00:01.1-01:00", 1_100_000_000),
    ],
)
def test_timestamps_keep_their_nanoseconds(text, expected):
    assert encoding.timestamp_ns(text) == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("debian", ("debian", "latest")),
        ("127.0.0.1:5000/team/app", ("127.0.0.1:5000/team/app", "latest")),
        ("127.0.0.1:5000/team/app:v1", ("127.0.0.1:5000/team/app", "v1")),
        ("h/app@sha256:ab", ("h/app", "sha256:ab")),
    ],
)
def test_references_are_split(reference, expected):
    assert split_reference(reference) == expected


def test_subnets_that_are_routed_elsewhere_are_left_out():
    table = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
    free = list(_candidates("n", table))
    assert len(free) == 256
    first = bytes(map(int, free[0].partition("/")[0].split(".")))[::-1].hex().upper()
    taken = table + f"tun0\t{first}\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    assert list(_candidates("n", taken)) == free[1:]
    assert next(_candidates("other", table)) != free[0]


def test_capabilities_come_from_the_bounding_set():
    granted = granted_capabilities("Name: x\nCapBnd:\t000001fffeffffff\n")
    assert "SYS_RESOURCE" not in granted
    assert {"SYS_ADMIN", "CHOWN", "AUDIT_READ"} <= granted


def test_limits_are_lowered_where_they_cannot_be_raised(monkeypatch):
    monkeypatch.setattr("resource.getrlimit", lambda _kind: (1024, 4096))
    assert grantable([Ulimit("nofile", 9000, 9000)], may_raise=False) == [Ulimit("nofile", 4096, 4096)]
    assert grantable([Ulimit("nofile", -1, -1)], may_raise=False) == [Ulimit("nofile", 4096, 4096)]
    assert grantable([Ulimit("nofile", 10, 20)], may_raise=False) == [Ulimit("nofile", 10, 20)]
    assert grantable([Ulimit("nofile", 9000, 9000)], may_raise=True) == [Ulimit("nofile", 9000, 9000)]


def test_counters_are_read_from_both_cgroup_versions(tmp_path):
    proc = tmp_path / "proc" / "7"
    proc.mkdir(parents=True)
    one = tmp_path / "v1"
    for name, files in {
        "memory": {
            "memory.stat": "total_inactive_file 100\n",
            "memory.limit_in_bytes": "9223372036854771712",
            "memory.usage_in_bytes": "500",
        },
        "cpuacct": {"cpuacct.usage": "42"},
    }.items():
        folder = one / name / "docker" / "abc"
        folder.mkdir(parents=True)
        for file, text in files.items():
            (folder / file).write_text(text)
    (proc / "cgroup").write_text("3:memory:/docker/abc\n2:cpuacct,cpu:/docker/abc\n0::/\n")
    sample = stats.from_cgroup(7, "abc", one, tmp_path / "proc")
    assert (sample.cpu_ns, sample.memory_bytes, sample.memory_limit_bytes) == (42, 400, None)

    two = tmp_path / "v2" / "docker" / "abc"
    two.mkdir(parents=True)
    for file, text in {
        "memory.stat": "inactive_file 1\n",
        "memory.max": "4096\n",
        "memory.current": "11\n",
        "cpu.stat": "usage_usec 5\n",
    }.items():
        (two / file).write_text(text)
    (proc / "cgroup").write_text("0::/docker/abc\n")
    sample = stats.from_cgroup(7, "abc", tmp_path / "v2", tmp_path / "proc")
    assert (sample.cpu_ns, sample.memory_bytes, sample.memory_limit_bytes) == (5000, 10, 4096)
    assert stats.from_cgroup(7, "another", tmp_path / "v2", tmp_path / "proc") is None
    assert stats.from_cgroup(8, "abc", tmp_path / "v2", tmp_path / "proc") is None


async def test_an_engine_that_is_away_is_unavailable(tmp_path):
    engine = DockerContainers("x", str(tmp_path / "no.sock"))
    with pytest.raises(ContainersUnavailable, match=r"no\.sock"):
        await engine.version()
    with pytest.raises(ContainersUnavailable):
        await engine.list()
    await engine.close()
