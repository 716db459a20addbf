"""Failures that a person can mend, said as one sentence; here, because this file costs nothing."""


class BackupError(Exception):
    """A backup is not whole, or would overwrite a living installation."""


class LakeError(Exception):
    """A file of the lake is missing, or is no longer what its manifest says."""


class ResponseError(Exception):
    """A person asked for something the procedure does not allow; says what is missing."""


class StoreError(Exception):
    """The store cannot be opened; says why, never with its URL, which may hold a password."""


class StoreTooNew(StoreError):  # noqa: N818  (the name says what is the case)
    """The store was made by a newer program; nothing in it was changed."""

    def __init__(self, found: str, known: str) -> None:
        super().__init__(
            f"store: revision {found}, this program knows up to {known}: "
            "restore the backup made before the upgrade, or install the newer version again"
        )
