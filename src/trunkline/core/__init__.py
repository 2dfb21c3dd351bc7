"""The ground everything stands on; knows nothing of AWS, Docker or HTTP."""
