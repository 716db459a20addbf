"""Makes the shipped tables from copies of the sources: `python -m config.baseline.build`."""
