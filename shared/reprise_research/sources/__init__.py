"""From a URL, an upload or a file to a text in which offsets count."""
