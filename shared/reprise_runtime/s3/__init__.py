"""The object store: artifacts over any S3, the fast path for small ones, users and their rights."""
