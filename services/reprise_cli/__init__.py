"""The `reprise` command: everything a person does at a terminal, and `reprise up`, which runs the whole
system on one machine."""
