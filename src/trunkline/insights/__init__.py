"""Read models over the ledger: figures and findings that AWS does not give."""
