"""What an operator or analyst may change, and the typed loaders of it."""
