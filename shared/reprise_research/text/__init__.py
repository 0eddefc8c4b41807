"""Text as evidence: sentences with their offsets, words, figures, ranking, citations, duplicates, markup."""
