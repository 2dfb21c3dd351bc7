"""A machine for every test."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.engines.workflows.machine import Machine

Doc = dict[str, Any]


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    await machine.engine.close()
    machine.db.close()
