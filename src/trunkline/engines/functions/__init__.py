"""Code that somebody else wrote, run on demand: see `interface.py` and README.md."""

from trunkline.engines.functions.interface import (
    Functions,
    FunctionSpec,
    FunctionsUnavailable,
    Host,
    Invocation,
    Outcome,
    Place,
    RuntimeAnswer,
)

__all__ = [
    "FunctionSpec",
    "Functions",
    "FunctionsUnavailable",
    "Host",
    "Invocation",
    "Outcome",
    "Place",
    "RuntimeAnswer",
]
