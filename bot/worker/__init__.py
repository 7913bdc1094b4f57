"""Does what was saved: reconciles targets, sends notices, grants requests, and feeds the results back as events.

Three pumps run side by side, so the engine's work never waits for Slack's. Each claims what is due with a lease,
performs it idempotently, and finishes it in one transaction with what follows from it.
"""
