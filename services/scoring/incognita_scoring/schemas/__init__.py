"""HTTP models: what clients give and what they are shown. Events are not here."""
