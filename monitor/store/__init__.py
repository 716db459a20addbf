"""What was concluded and done: one module per family of tables."""
