"""What a command asks a server, and how it follows a session."""
