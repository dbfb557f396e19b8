"""What goes over HTTP: what clients give, and what they are shown."""
