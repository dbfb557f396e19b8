"""What an operator does by hand: verify the stores, dead letters, parked visits, rebuild."""
