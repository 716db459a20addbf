"""From a change of level to notices in the outbox, and from the outbox to the receivers."""
