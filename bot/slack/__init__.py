"""Texts for Slack, and the one sender of the workspace."""
