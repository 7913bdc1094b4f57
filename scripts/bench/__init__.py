"""`make bench`: what Octopod costs, against the same done without it. Never a test, never in CI."""
