"""The research agent: five phase functions, sources and engines. It knows nothing of messaging or of where its store is."""
