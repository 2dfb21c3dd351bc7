"""Trunkline killed while it changes HAProxy, again and again: one HAProxy is left, and no request is lost."""

import asyncio
import contextlib
import random
import shutil
import sys
from pathlib import Path

import pytest

from tests.load.traffic import Load, Target, get, until
from trunkline.core.clock import RealClock
from trunkline.engines.proxy.haproxy import HaproxyProxy

pytestmark = [
    pytest.mark.haproxy,
    pytest.mark.skipif(shutil.which("haproxy") is None, reason="no HAProxy"),
]

KILLS = 8

DRIVER = """
import asyncio, sys
from pathlib import Path
from trunkline.core.clock import RealClock
from trunkline.engines.proxy.haproxy import HaproxyProxy
from trunkline.engines.proxy.interface import *

async def main(directory, ip, port, a, b):
    proxy = HaproxyProxy(Path(directory), RealClock())
    await proxy.start()
    check = HealthCheck(interval_s=1)
    groups = tuple(TargetGroup(n, check, (Member("127.0.0.1", int(p)),)) for n, p in (("a", a), ("b", b)))
    number = 0
    while True:
        number += 1
        rule = Rule(f"r{number}", (Condition("path-pattern", (f"/{number}",)),), FixedResponse(200))
        forward = Forward((Weighted("a", 1), Weighted("b", number % 3)))
        await proxy.apply(Desired((Listener("l", ip, int(port), forward, (rule,)),), groups))
        print(number, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_kills_in_the_middle_of_changes_lose_nothing(tmp_path):
    directory = tmp_path / "proxy"
    ip, port = f"127.{random.randint(20, 60)}.7.{random.randint(1, 250)}", random.randint(20000, 30000)
    async with Target("a") as a, Target("b") as b:
        arguments = [str(directory), ip, str(port), str(a.port), str(b.port)]

        async def drive():
            return await asyncio.create_subprocess_exec(
                sys.executable, "-c", DRIVER, *arguments, stdout=asyncio.subprocess.PIPE
            )

        driver = await drive()

        async def answers():
            try:
                return (await get(ip, port))[0] == 200
            except OSError:
                return False

        try:
            await until(answers)
            async with Load(ip, port) as load:
                for _ in range(KILLS):
                    # Somewhere in the middle of its second change.
                    await driver.stdout.readline()
                    await asyncio.sleep(random.random() * 0.15)
                    driver.kill()
                    await driver.wait()
                    await load.more(30)
                    driver = await drive()
                await driver.stdout.readline()
            assert not load.tally.failures
            assert load.tally.answers.keys() <= {"a", "b"}
            assert len(_masters(directory)) == 1
        finally:
            if driver.returncode is None:
                driver.kill()
                await driver.wait()
            proxy = HaproxyProxy(directory, RealClock())
            await proxy.start()
            await proxy.shutdown()

            async def gone():
                return not _masters(directory)

            await until(gone, what="no HAProxy left")


def _masters(directory):
    """The HAProxy processes of this directory that are nobody's worker."""
    parents = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if not entry.name.isdigit() or (entry / "comm").read_text() != "haproxy\n":
                continue
            serving = "-W" in (entry / "cmdline").read_text().split("\0")  # others check a configuration
            if serving and (entry / "cwd").resolve() == directory.resolve():
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
    return [pid for pid, parent in parents.items() if parent not in parents]
