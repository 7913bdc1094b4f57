"""From a branch's files to a list of objects."""
