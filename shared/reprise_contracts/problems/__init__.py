"""What went wrong: the form of a problem, a document that does not validate, and every reason for which the rules refuse."""
