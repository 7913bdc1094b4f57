"""Octopod for Slack: every feature branch gets its own staging, from chat."""
