"""The main job on real stores: simulated shoppers audit a chain through the public API."""
