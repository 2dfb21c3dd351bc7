"""From a request to something that can be applied: the template read, checked, transformed and given its values."""
