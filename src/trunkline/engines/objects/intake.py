"""Reading a source of bytes: small ones whole, large ones in batches worth a trip to a worker thread."""

from collections.abc import AsyncIterator

from trunkline.engines.objects.interface import CHUNK_BYTES, TooLargeError


class Intake:
    """Counts what passes and refuses more than `max_bytes`."""

    def __init__(self, source: AsyncIterator[bytes], max_bytes: int | None) -> None:
        self._source = aiter(source)
        self._max_bytes = max_bytes
        self.size = 0

    async def batch(self, at_least: int = CHUNK_BYTES) -> list[bytes]:
        """The next chunks, together `at_least` bytes unless the source ends; an empty list is its end."""
        chunks: list[bytes] = []
        have = 0
        async for chunk in self._source:
            if not chunk:
                continue
            chunks.append(chunk)
            have += len(chunk)
            if self._max_bytes is not None and self.size + have > self._max_bytes:
                raise TooLargeError(f"more than {self._max_bytes} bytes")
            if have >= at_least:
                break
        self.size += have
        return chunks
