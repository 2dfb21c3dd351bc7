"""The operations of Logs Insights."""

from __future__ import annotations

from trunkline.services.logs.api.queries.definitions import Definitions
from trunkline.services.logs.api.queries.indexes import Indexes
from trunkline.services.logs.api.queries.lookup_tables import LookupTables
from trunkline.services.logs.api.queries.reading import Reading
from trunkline.services.logs.api.queries.records import Records
from trunkline.services.logs.api.queries.scheduling import Scheduling


class QueryOperations(Reading, LookupTables, Records, Definitions, Indexes, Scheduling):
    """All of them."""
