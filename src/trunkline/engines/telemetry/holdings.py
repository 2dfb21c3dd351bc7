"""Everything there is at one moment, hot and cold, and when what has been replaced may go.

A reader holds a view: a compaction that ends meanwhile changes what the next reader sees, and the files that it
replaced stay until the last reader that may still need them has finished.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from trunkline.engines.telemetry.cold.manifest import ColdFile, Manifest
from trunkline.engines.telemetry.sqlite.slices import Slice, Slices


class View(NamedTuple):
    hot: Sequence[Slice]
    files: Mapping[int, ColdFile]
    number: int


class Holdings:
    def __init__(self, slices: Slices, manifest: Manifest) -> None:
        self._slices = slices
        self._manifest = manifest
        self._lock = threading.Lock()
        self._number = 0
        self._held: Counter[int] = Counter()
        self._retired: list[tuple[int, Callable[[], None]]] = []
        self._files: Mapping[int, ColdFile] = {file.id: file for file in manifest.files()}

    @contextlib.contextmanager
    def view(self) -> Iterator[View]:
        with self._lock:
            view = View(self._slices.all(), self._files, self._number)
            self._held[view.number] += 1
        try:
            yield view
        finally:
            with self._lock:
                self._held[view.number] -= 1
                if not self._held[view.number]:
                    del self._held[view.number]

    @property
    def files(self) -> Collection[ColdFile]:
        return self._files.values()

    def replace(self, *, slices: Iterable[Slice] = (), files: Iterable[ColdFile] = ()) -> None:
        """Take what the manifest names now instead of these, in one step for every reader. `sweep` removes these."""
        named = {file.id: file for file in self._manifest.files()}
        with self._lock:
            for slice_ in slices:
                self._slices.remove(slice_)
                self._retired.append((self._number, slice_.destroy))
            for file in files:
                self._retired.append((self._number, _remover(self._manifest, file)))
            self._files = named
            self._number += 1

    def sweep(self) -> None:
        """Remove what no reader can see any more. Touches the disk: for a thread."""
        with self._lock:
            oldest = min(self._held, default=self._number)
            due = [remove for number, remove in self._retired if number < oldest]
            self._retired = [kept for kept in self._retired if kept[0] >= oldest]
        for remove in due:
            remove()

    def close(self) -> None:
        """Whatever still is held: the process ends."""
        with self._lock:
            retired, self._retired = self._retired, []
        for _, remove in retired:
            remove()


def _remover(manifest: Manifest, file: ColdFile) -> Callable[[], None]:
    def remove() -> None:
        file.path.unlink(missing_ok=True)
        manifest.forget([file.id])

    return remove
