"""What the demo prints: steps with their duration, facts, and promises that held or did not."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from rich.console import Console


class Broken(Exception):
    """The demo cannot go on; the message is one sentence."""


class Screen:
    """Live on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._began = time.monotonic()
        self.broken: list[str] = []
        self.measured: dict[str, Any] = {}

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """A step of the story."""
        began = time.monotonic()
        self._console.print(f"\n[bold]{title}[/bold]")
        yield
        self._console.print(f"  [dim]{time.monotonic() - began:.1f} s[/dim]")

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Something that takes a while."""
        if self._console.is_terminal:
            with self._console.status(text):
                yield
        else:
            yield

    def fact(self, text: str) -> None:
        """Something that is so."""
        self._console.print(f"  {text}", markup=False)

    def promise(self, held: bool, text: str, **measured: Any) -> None:
        """Something that has to hold; the demo fails at its end when it did not."""
        self.measured |= measured
        mark = "[green]held[/green]" if held else "[red]BROKEN[/red]"
        self._console.print(f"  {mark}  ", end="")
        self._console.print(text, markup=False)
        if not held:
            self.broken.append(text)

    def end(self, *, as_json: bool) -> int:
        """The last lines; the process's exit code."""
        seconds = time.monotonic() - self._began
        self.measured |= {"seconds": round(seconds, 1), "broken": self.broken}
        verdict = (
            "[green]everything held[/green]" if not self.broken else f"[red]{len(self.broken)} promises broken[/red]"
        )
        self._console.print(f"\n{verdict} in {seconds:.0f} s")
        if as_json:
            sys.stdout.write(orjson.dumps(self.measured).decode() + "\n")
        return 1 if self.broken else 0
