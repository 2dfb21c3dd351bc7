"""Running functions: code and a handler in a container, one invocation at a time."""
