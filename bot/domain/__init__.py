"""Decides. Pure: no await, clock, network or framework."""
