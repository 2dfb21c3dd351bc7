"""What a container engine may answer instead of doing what it was asked."""


class ContainersError(Exception):
    """The engine refused or failed; the message is the engine's own."""


class ContainersUnavailable(ContainersError):
    """Nothing answers at the engine's socket, or it went away during the call. Repeat the call later."""


class NoSuchContainer(ContainersError):
    """The container does not exist (any more)."""


class NoSuchImage(ContainersError):
    """The image is not on this machine, or the registry does not have it."""


class NoSuchNetwork(ContainersError):
    """The network does not exist."""


class NoSuchPath(ContainersError):
    """The path does not exist inside the container."""


class PullDenied(ContainersError):
    """The registry wants credentials, or other ones than those given."""


class PullFailed(ContainersError):
    """The registry could not be reached or the transfer broke off."""


class NameConflict(ContainersError):
    """A container or network of that name exists and is a different one."""


class NotRunning(ContainersError):
    """The container exists but does not run."""


class StartFailed(ContainersError):
    """The container exists but its first process could not be started (no such command, bad mount, port taken)."""
