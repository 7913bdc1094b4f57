"""What values charts and templates know"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "known",
        sa.Column("project", sa.String(length=63), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("learned_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("project", "branch", name=op.f("pk_known")),
    )
