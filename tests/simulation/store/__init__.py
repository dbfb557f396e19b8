"""MongoDB as far as the delivery core relies on it. What it does not know, it refuses."""
