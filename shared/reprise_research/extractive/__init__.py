"""What the extractive engine is made of: it picks sentences, and writes none about the subject itself."""
