"""The table of the public samples, as Markdown on standard output."""

import tempfile
from pathlib import Path

from tests.support.server import Server
from tests.wire.templates.run import FOLDER, Outcome, delete, deploy, samples
from tests.wire.templates.site import Site


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="trunkline-templates-") as folder:
        server = Server(Path(folder) / "data", containers="docker", proxy="haproxy", clock=60).start()
        try:
            outcomes = everything(server.client)
        finally:
            server.remove()
    passed = sum(not outcome.reason for outcome in outcomes)
    print("# Public sample templates\n")
    print("Created, updated and deleted as they are; made by `python -m tests.wire.templates`.\n")
    print(f"{passed} of {len(outcomes)} pass.\n\n| template | |\n|---|---|")
    for outcome in sorted(outcomes, key=lambda one: one.path):
        print(f"| {outcome.path} | {outcome.reason.replace('|', '/')[:300] or 'passes'} |")


def everything(client) -> list[Outcome]:
    """Deploy and delete all samples, in the order their exports ask for."""
    site = Site(client, FOLDER)
    paths = samples()
    names = {path: f"sample-{index}" for index, path in enumerate(paths)}
    kept: list[str] = []
    outcomes = {}
    for path in paths:
        outcomes[path] = deploy(client, site, path, names[path])
        if path in paths[:2]:
            kept.append(path)
            continue
        if not outcomes[path].reason:
            outcomes[path] = delete(client, path, names[path])
        else:
            delete(client, path, names[path])
    for path in reversed(kept):
        ended = delete(client, path, names[path])
        if not outcomes[path].reason:
            outcomes[path] = ended
    return list(outcomes.values())


if __name__ == "__main__":
    main()
