"""Insights: incidents of a group, found where a service fails more often than it used to."""
