"""Packages of this environment for an image's build: containers reach no package index."""

import re
import shutil
from importlib import metadata
from pathlib import Path


def vendor(requirements: Path, into: Path) -> None:
    """Copy what a requirements file names, and what that needs, from where this Python has it."""
    wanted = [line.strip() for line in requirements.read_text().splitlines() if line.strip()]
    done: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name in done:
            continue
        done.add(name)
        found = metadata.distribution(name)
        for needed in found.requires or []:
            if ";" not in needed:
                wanted.append(re.match(r"[A-Za-z0-9._-]+", needed)[0])
        for file in found.files or []:
            if ".." in file.parts or "__pycache__" in file.parts:
                continue
            target = into / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found.locate_file(file), target)
