"""What went wrong: the form of a problem, and every reason for which the rules refuse."""
