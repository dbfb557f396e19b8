"""JavaRosa, the engine of ODK Collect, as the judge of the forms that we make."""
