"""Git repositories: real ones, served and changed by git itself. `interface.py` says what the engine promises."""

from pathlib import Path

from trunkline.core.db import Database
from trunkline.engines.git.driver import GitDriver
from trunkline.engines.git.interface import Git

__all__ = ["Git", "open_git"]


def open_git(data_dir: Path, db: Database) -> Git:
    """The engine over `data_dir/git`; `start` it before use."""
    return GitDriver(data_dir / "git", db)
