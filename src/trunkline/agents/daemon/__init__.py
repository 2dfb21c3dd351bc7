"""The X-Ray daemon: segments by UDP, and over TCP on the same port what the SDKs ask of X-Ray through it.

https://docs.aws.amazon.com/xray/latest/devguide/xray-daemon.html. It signs for those who have no credentials, so it
listens only where containers and this machine's own programs reach it; what it takes in belongs to the account and
region of the task or function that sent it, else to those of the settings. OpenTelemetry's exporters may use its TCP
port too (`/v1/traces`, `/v1/metrics`, `/v1/logs`).
"""

from trunkline.agents.daemon.daemon import Daemon, Door

__all__ = ["Daemon", "Door"]
