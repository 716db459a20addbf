"""Pure judgements: values in, levels and reasons out; no clock, no database, no network."""
