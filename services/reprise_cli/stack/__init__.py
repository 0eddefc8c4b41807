"""The stack on this machine: its processes, its folder, its secrets."""
