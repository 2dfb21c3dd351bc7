"""Acknowledged writes while the server is killed at random moments: every one of them must still be there."""

import random
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.support.server import Server

WRITERS = 6
BATCH = 10


class Writes:
    """`run(10_000)` gives the counts; `lost` lists what was acknowledged and is not there."""

    def __init__(self, server: Server, seed: int) -> None:
        self.server = server
        self.random = random.Random(seed)
        self.acknowledged: dict[str, dict[str, str]] = {"ssm": {}, "s3": {}, "codecommit": {}}
        self.unanswered = 0
        self.kills = 0
        self.refused: list[str] = []
        self._stop = threading.Event()
        self._up = threading.Event()
        self._lock = threading.Lock()

    def count(self) -> int:
        return sum(len(found) for found in self.acknowledged.values())

    def run(self, wanted: int) -> dict[str, Any]:
        begun = time.monotonic()
        self.server.client("s3").create_bucket(Bucket="faults")
        self._up.set()
        writers = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        while self.count() < wanted and not self.refused:
            time.sleep(self.random.uniform(0.05, 1.2))
            self._up.clear()
            self.server.kill()
            self.kills += 1
            self.server.start()
            self._up.set()
        self._stop.set()
        for writer in writers:
            writer.join()
        if self.refused:
            raise AssertionError(f"the server refused a good write: {self.refused[0]}")
        self.server.kill()
        self.server.start()
        lost = self._lost()
        return {
            "acknowledged": self.count(),
            "by_service": {name: len(found) for name, found in self.acknowledged.items()},
            "kills": self.kills,
            "unanswered": self.unanswered,
            "lost": len(lost),
            "lost_names": lost[:5],
            "seconds": round(time.monotonic() - begun, 1),
        }

    def _write(self, number: int) -> None:
        clients = {name: self.server.client(name) for name in self.acknowledged}
        choose = random.Random(number)
        while not self._stop.is_set():
            self._up.wait(1)
            name, value = f"w-{uuid.uuid4().hex}", uuid.uuid4().hex
            service = choose.choices(("ssm", "s3", "codecommit"), (60, 38, 2))[0]
            try:
                _WRITE[service](clients[service], name, value)
            except ClientError as error:
                self.refused.append(str(error))
                return
            except BotoCoreError:  # killed under the request: the client was told nothing
                with self._lock:
                    self.unanswered += 1
                continue
            with self._lock:
                self.acknowledged[service][name] = value

    def _lost(self) -> list[str]:
        lost = []
        ssm, s3, codecommit = (self.server.client(name) for name in ("ssm", "s3", "codecommit"))
        names = list(self.acknowledged["ssm"])
        for start in range(0, len(names), BATCH):
            batch = names[start : start + BATCH]
            found = {one["Name"]: one["Value"] for one in ssm.get_parameters(Names=batch)["Parameters"]}
            lost += [f"ssm {name}" for name in batch if found.get(name) != self.acknowledged["ssm"][name]]
        for name, value in self.acknowledged["s3"].items():
            if _read(lambda name=name: s3.get_object(Bucket="faults", Key=name)["Body"].read()) != value.encode():
                lost.append(f"s3 {name}")
        for name, value in self.acknowledged["codecommit"].items():
            if _read(lambda name=name: _description(codecommit, name)) != value:
                lost.append(f"codecommit {name}")
        return lost


def _description(codecommit: Any, name: str) -> Any:
    return codecommit.get_repository(repositoryName=name)["repositoryMetadata"]["repositoryDescription"]


def _read(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ClientError:
        return None


_WRITE: dict[str, Callable[[Any, str, str], Any]] = {
    "ssm": lambda ssm, name, value: ssm.put_parameter(Name=name, Value=value, Type="String"),
    "s3": lambda s3, name, value: s3.put_object(Bucket="faults", Key=name, Body=value.encode()),
    "codecommit": lambda cc, name, value: cc.create_repository(repositoryName=name, repositoryDescription=value),
}


def acknowledged_writes(folder: Path, wanted: int, *, seed: int = 1) -> dict[str, Any]:
    with Server(folder / "writes") as server:
        return Writes(server, seed).run(wanted)
