"""Out-of-network money: estimate, upfront collection, journal, refunds, superbills."""
