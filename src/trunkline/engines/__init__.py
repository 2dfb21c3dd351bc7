"""The real things that several services share, each behind a small interface."""
