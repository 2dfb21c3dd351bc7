"""The tables of functions, versions, layers, queued events and event source mappings."""

from trunkline.core.db import Reader, Table, Tx
from trunkline.services.lambda_.model import Function, LayerVersion, Mapping, QueuedEvent, Version

FUNCTIONS = Table("lambda_functions", Function, key=("account", "region", "name"))
VERSIONS = Table("lambda_versions", Version, key=("account", "region", "name", "number"))
LAYERS = Table("lambda_layers", LayerVersion, key=("account", "region", "name", "version"))
EVENTS = Table("lambda_events", QueuedEvent, key=("id",), index=("due",))
MAPPINGS = Table("lambda_mappings", Mapping, key=("account", "region", "id"))
_LAYER_NUMBERS = (
    "CREATE TABLE lambda_layer_numbers (account TEXT, region TEXT, name TEXT, last INTEGER NOT NULL, "
    "PRIMARY KEY (account, region, name)) WITHOUT ROWID;"
)

STEPS = [FUNCTIONS.ddl, VERSIONS.ddl, LAYERS.ddl, EVENTS.ddl, MAPPINGS.ddl, _LAYER_NUMBERS]


def due(reader: Reader, now: float, limit: int) -> list[QueuedEvent]:
    """Queued events whose time has come, oldest first."""
    rows = reader.all("SELECT id FROM lambda_events WHERE due <= ? ORDER BY due LIMIT ?", (now, limit))
    found = [EVENTS.get(reader, row["id"]) for row in rows]
    return [event for event in found if event is not None]


def next_due(reader: Reader) -> float | None:
    """When the next queued event is due."""
    row = reader.one("SELECT min(due) AS due FROM lambda_events")
    return None if row is None or row["due"] is None else float(row["due"])


def folders(reader: Reader) -> set[str]:
    """The packages that something refers to."""
    versions, layers = VERSIONS.find(reader), LAYERS.find(reader)
    used = {version.code.folder for version in versions} | {layer.code.folder for layer in layers}
    return used | {use.code.folder for version in versions for use in version.layers}


def next_layer_number(tx: Tx, account: str, region: str, name: str) -> int:
    """The number of a layer's next version; numbers of deleted ones never come again."""
    key = (account, region, name)
    tx.execute(
        "INSERT INTO lambda_layer_numbers VALUES (?, ?, ?, 1) ON CONFLICT (account, region, name) "
        "DO UPDATE SET last = last + 1",
        key,
    )
    row = tx.one("SELECT last FROM lambda_layer_numbers WHERE account = ? AND region = ? AND name = ?", key)
    return int(row["last"]) if row is not None else 1
