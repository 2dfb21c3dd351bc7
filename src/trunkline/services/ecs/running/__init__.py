"""Running tasks: from a row that says PROVISIONING to containers, and back to STOPPED."""
