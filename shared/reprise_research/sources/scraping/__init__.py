"""Sites of their own kind, each read in a process of its own, which asks the network through its parent."""
