"""What is shown, worked out from the log, and what artifacts say."""
