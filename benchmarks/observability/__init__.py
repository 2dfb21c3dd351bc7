"""Observability at millions of records: what it costs, beside DuckDB on the same files and peers through the API."""
