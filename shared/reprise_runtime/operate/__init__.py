"""What an operator does with both servers: start them, declare what they hold, back up and restore."""
