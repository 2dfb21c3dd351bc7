"""Keeping services at what was asked for: pure plans over what is stored, carried out by one loop."""
