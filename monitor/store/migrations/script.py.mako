"""${message}."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from monitor.store.columns import UtcDateTime

revision: str = ${repr(up_revision)}
down_revision: str | None = ${repr(down_revision)}
branch_labels: str | Sequence[str] | None = ${repr(branch_labels)}
depends_on: str | Sequence[str] | None = ${repr(depends_on)}


def upgrade() -> None:
    """Bring the store forward."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Take the store back."""
    ${downgrades if downgrades else "pass"}
