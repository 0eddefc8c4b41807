"""The five phases, each one function: inputs in, artifact out."""
