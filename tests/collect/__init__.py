"""A phone that speaks OpenRosa as ODK Collect does."""
