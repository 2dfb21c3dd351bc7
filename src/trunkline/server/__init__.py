"""The composition root: the only place that knows every engine and every service."""
