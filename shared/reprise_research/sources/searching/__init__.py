"""Searches: questions to providers of addresses. What they find become sources, by way of `finding`."""
