"""Telemetry that no longer changes: Parquet files, and a manifest in SQLite that says what lies where.

The manifest alone decides what exists: a file that it does not name is left-over and removed at the next start.
"""
