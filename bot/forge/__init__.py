"""What git hosts, CI and registries send, understood: bytes in, `hearsay` out. Pure; the doors are in `handlers`."""
