"""Telemetry in SQLite: hot slices of log batches and samples, and trace segments."""
