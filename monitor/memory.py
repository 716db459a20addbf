"""How a process that sweeps keeps its memory; said once, before its first thread."""

import gc

import pyarrow as pa


def settle() -> None:
    """Let Arrow take memory from the system, and Python's collector leave alone what is loaded.

    Arrow's own pool gives memory back to the kernel several times a page, and asks for it again. A
    full collection walks through every imported module: a tenth of a second, every 200 pages.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    gc.collect()
    gc.freeze()
