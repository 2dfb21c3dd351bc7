"""What survives kill -9. `python -m tests.faults` is the full run (one JSON line); test_faults.py a short sample."""
