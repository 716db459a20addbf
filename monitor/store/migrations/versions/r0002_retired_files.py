"""Files of the lake that left the manifest and may still be read."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from monitor.store.columns import UtcDateTime

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store forward."""
    op.create_table(
        "retired",
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("path"),
    )


def downgrade() -> None:
    """Bring the store back."""
    op.drop_table("retired")
