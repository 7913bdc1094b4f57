"""The local engine: a staging's containers as processes of this machine."""
