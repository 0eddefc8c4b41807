"""A page as its readers see it: what is visible, in blocks, and which of them are its main text."""
