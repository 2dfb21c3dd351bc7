"""Segment documents: taken in and checked, packed into facts, put together to traces."""
