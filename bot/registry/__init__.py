"""Whether images exist, by the HTTP API of registries (OCI distribution)."""
