"""From a call to a decided command."""
