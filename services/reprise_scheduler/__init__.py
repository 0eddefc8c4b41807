"""The scheduler: follows the log and makes it happen. Holds no truth and no position: everything it does
follows from the log."""
