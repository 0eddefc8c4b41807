"""The wire: every subject, message, artifact and frame that crosses a process boundary.

Nothing here does I/O, and nothing here imports another package of this project.
"""
