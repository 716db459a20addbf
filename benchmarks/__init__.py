"""What it costs: `python -m benchmarks` measures, prints ratios and writes RESULTS.md."""
