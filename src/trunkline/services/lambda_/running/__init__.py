"""Functions at work: sandboxes' surroundings, invocations, the queue of asynchronous events, event sources."""
