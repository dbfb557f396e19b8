"""The comparison without a server: files in, files out."""
