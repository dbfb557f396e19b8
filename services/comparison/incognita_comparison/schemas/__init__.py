"""HTTP models, by what they answer."""
