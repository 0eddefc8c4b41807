"""Data structures that are copied by sharing: a new value leaves the old one as it was."""
