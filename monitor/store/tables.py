"""Import every family once, so that their tables are known to the metadata."""

import importlib
import pkgutil

import monitor.store

FAMILIES = tuple(
    module.name
    for module in pkgutil.iter_modules(monitor.store.__path__)
    if module.name not in {"tables", "engine", "columns", "migrations"}
)

for _family in FAMILIES:
    importlib.import_module(f"monitor.store.{_family}")
