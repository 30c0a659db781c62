"""The `halcyon` command: a network on a laptop, referrals, flows, parked facts, the demo."""
