"""The OpenRosa door, for ODK Collect and KoboCollect: forms out, submissions in."""
