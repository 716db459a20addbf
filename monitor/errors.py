"""Failures that a person can mend, said as one sentence; here, because this file costs nothing."""


class LakeError(Exception):
    """A file of the lake is missing, or is no longer what its manifest says."""


class ResponseError(Exception):
    """A person asked for something the procedure does not allow; says what is missing."""


class StoreError(Exception):
    """The store cannot be opened; says why, never with its URL, which may hold a password."""
