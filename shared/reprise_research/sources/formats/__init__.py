"""Files of every kind as stored texts: what each reader makes of bytes, within the process that parses."""
