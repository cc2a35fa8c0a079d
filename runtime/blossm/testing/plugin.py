"""The pytest plugin of `blossm[testing]`."""
