"""What a client's order file says of its customers: segments, cohorts, churn, value. Pure."""
