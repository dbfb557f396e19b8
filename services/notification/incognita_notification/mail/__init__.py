"""E-mail: addresses, texts in four languages, and sending by SMTP."""
