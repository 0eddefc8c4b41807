"""The commands of `reprise`, a module for each family."""
