"""Branches, commits and files, by the git binary."""
