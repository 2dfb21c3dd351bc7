"""The contract of the proxy engine, for every driver."""
