"""The VPC's name server: what it answers itself, and what it hands on."""

import asyncio
import socket
import struct

import pytest

from trunkline.engines.networks.linux import resolver
from trunkline.engines.networks.linux.resolver import Resolver, host_servers, question

CLIENT = "100.64.0.20"


def query(name: str, kind: int = 1) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, kind, 1)


def addresses(answer: bytes) -> list[str]:
    count = int.from_bytes(answer[6:8], "big")
    return [socket.inet_ntoa(answer[len(answer) - 16 * left + 12 :][:4]) for left in range(count, 0, -1)]


def code(answer: bytes) -> int:
    return answer[3] & 0xF


async def test_names_of_private_addresses_are_answered_without_asking_anybody():
    mine = Resolver(servers=[])
    for name in ("ip-10-0-1-7.ec2.internal", "IP-10-0-1-7.eu-west-1.compute.internal"):
        answer = await mine.answer(query(name), CLIENT)
        assert addresses(answer) == ["10.0.1.7"]
        assert (answer[:2], code(answer)) == (b"\x00\x07", 0)


async def test_another_type_of_a_known_name_has_no_records_but_exists():
    answer = await Resolver(servers=[]).answer(query("ip-10-0-1-7.ec2.internal", kind=28), CLIENT)
    assert addresses(answer) == []
    assert code(answer) == 0


async def test_names_that_a_service_keeps_are_seen_by_who_asks():
    known = {(CLIENT, "db.local"): ["10.0.0.9", "10.0.0.8"]}
    kept = Resolver(lambda client, name: known.get((client, name)), [])
    assert addresses(await kept.answer(query("db.local"), CLIENT)) == ["10.0.0.9", "10.0.0.8"]
    assert code(await kept.answer(query("db.local"), "100.64.9.9")) == 2


async def test_everything_else_is_asked_of_this_hosts_name_servers(monkeypatch):
    asked = []

    async def ask(server, sent):
        asked.append((server, sent))
        if server == "192.0.2.1":
            raise OSError("unreachable")
        return b"answer"

    monkeypatch.setattr(resolver, "_ask", ask)
    sent = query("example.com")
    assert await Resolver(servers=["192.0.2.1", "192.0.2.2"]).answer(sent, CLIENT) == b"answer"
    assert asked == [("192.0.2.1", sent), ("192.0.2.2", sent)]


async def test_no_name_server_is_a_failure_not_a_missing_name():
    assert code(await Resolver(servers=[]).answer(query("example.com"), CLIENT)) == 2


@pytest.mark.parametrize("sent", [b"", b"\x00" * 11, query("a.b")[:14], b"\x00\x07\x81\x00" + query("a.b")[4:]])
async def test_what_is_no_query_gets_no_answer(sent):
    assert await Resolver(servers=[]).answer(sent, CLIENT) is None


def test_a_compressed_name_in_a_question_is_refused():
    with pytest.raises(ValueError, match="compressed"):
        question(struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + b"\xc0\x0c\x00\x01\x00\x01")


def test_name_servers_of_the_host_are_those_of_ipv4(tmp_path):
    file = tmp_path / "resolv.conf"
    file.write_text("# made by hand\nsearch corp\nnameserver 10.1.1.1\nnameserver fe80::1\nnameserver 10.1.1.2\n")
    assert host_servers(file) == ["10.1.1.1", "10.1.1.2"]
    assert host_servers(tmp_path / "none") == []


async def test_it_is_asked_by_datagrams_and_by_streams(monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setattr(resolver, "PORT", port)
    mine = Resolver(servers=[])
    await mine.start("127.0.0.1")
    try:
        sent = query("ip-10-0-1-7.ec2.internal")
        assert addresses(await asyncio.wait_for(resolver._ask("127.0.0.1", sent), 5)) == ["10.0.1.7"]
        assert addresses(await asyncio.wait_for(resolver._ask_stream("127.0.0.1", sent), 5)) == ["10.0.1.7"]
    finally:
        await mine.stop()
