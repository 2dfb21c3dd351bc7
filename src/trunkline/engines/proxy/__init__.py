"""The proxy engine: the real load balancer that serves users' traffic, behind a small interface (see README.md)."""
