"""The daemon: lake, store, cycle, alerts, response, delivery and the command line."""
