"""One folder an AWS service; they never import one another."""
