"""From commits to what is announced of them: pure, as the rules are."""
