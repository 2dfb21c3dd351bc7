"""Why a task could not be started, in AWS's words."""


class StartFailure(Exception):
    """`reason` is the task's stoppedReason; `container` and `detail` say it of one container."""

    def __init__(self, reason: str, container: str = "", detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.container = container
        self.detail = detail or reason
