"""The workflow engine: nothing twice, nothing lost, whatever line the process died at."""
