"""State that survives: SQLite now, with an interface that PostgreSQL fits later."""

from trunkline.core.db.database import Database
from trunkline.core.db.interface import AlreadyExists, Reader, Row, Tx
from trunkline.core.db.rider import Rider, riding
from trunkline.core.db.table import Table

__all__ = ["AlreadyExists", "Database", "Reader", "Rider", "Row", "Table", "Tx", "riding"]
