"""Who calls, and how much a caller may ask."""
