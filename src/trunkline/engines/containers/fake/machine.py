"""What the fake engine's machine holds: images, networks and containers.

It outlives the drivers that share it, so a test can restart Trunkline while the containers go on.
"""

import asyncio
import hashlib
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from trunkline.engines.containers.model import (
    INSTANCE_LABEL,
    ContainerEvent,
    ContainerSpec,
    ContainerState,
    Health,
    Image,
    Network,
    RegistryAuth,
)

_PRESENT = (
    "public.ecr.aws/docker/library/python:3.11-slim",
    "public.ecr.aws/docker/library/debian:12-slim",
    "trunkline/codebuild:3",
)


@dataclass
class FakeContainer:
    """One container of the fake machine."""

    id: str
    spec: ContainerSpec
    image: Image
    instance_id: str
    created_at: float
    ip: str | None = None
    state: ContainerState = ContainerState.CREATED
    health: Health = Health.NONE
    started_at: float | None = None
    finished_at: float | None = None
    exit_code: int | None = None
    error: str = ""
    log: list[tuple[int, str, bytes]] = field(default_factory=list)
    partial: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    ignores: set[str] = field(default_factory=set)
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class FakeMachine:
    """Images, networks and containers. `up = False` makes every call fail as if the engine were stopped."""

    def __init__(self) -> None:
        self.up = True
        self.images: dict[str, Image] = {}
        self.registry: dict[str, RegistryAuth | None] = {}
        """What can be pulled, with the credentials it takes."""
        self.networks: dict[str, Network] = {}
        self.containers: dict[str, FakeContainer] = {}
        self.listeners: set[asyncio.Queue[ContainerEvent]] = set()
        self.number = itertools.count(2)
        for reference in _PRESENT:
            self.add_image(reference)

    def add_image(self, reference: str, command: Sequence[str] = ("sh", "-c", "sleep infinity")) -> Image:
        """Make an image present."""
        digest = hashlib.sha256(reference.encode()).hexdigest()
        repository = reference.rpartition(":")[0] or reference
        image = Image(
            f"sha256:{digest}",
            (reference,),
            (f"{repository}@sha256:{digest}",),
            tuple(command),
            (),
            ("PATH=/usr/bin:/bin",),
            {},
            1_000_000,
            "amd64",
        )
        self.images[reference] = image
        return image

    def emit(self, container: FakeContainer, action: str) -> None:
        labels = {**container.spec.labels, INSTANCE_LABEL: container.instance_id}
        code = container.exit_code if action == "die" else None
        event = ContainerEvent(action, container.id, container.spec.name, labels, code, time.time_ns())
        for listener in self.listeners:
            listener.put_nowait(event)
