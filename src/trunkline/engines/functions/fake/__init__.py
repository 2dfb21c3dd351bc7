"""Functions as plain processes of this machine, for tests: Python only, no isolation, no image, no memory limit.

Everything but the process is the same as in production: the runtime API, warm sandboxes, time-outs, the log's lines.
"""

from trunkline.engines.functions.fake.launcher import FakeLauncher

__all__ = ["FakeLauncher"]
