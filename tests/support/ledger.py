"""What a running server has written to its ledger, read beside it."""

import json
import sqlite3
from typing import Any


def events(server: Any, detail_type: str, **detail: Any) -> list[dict[str, Any]]:
    """The details of all events of a type whose details have these values, in order."""
    with sqlite3.connect(f"file:{server.data_dir}/state.db?mode=ro", uri=True) as db:
        rows = db.execute("SELECT detail FROM ledger WHERE detail_type = ? ORDER BY seq", (detail_type,)).fetchall()
    found = [json.loads(row[0]) for row in rows]
    return [each for each in found if all(each.get(key) == value for key, value in detail.items())]
