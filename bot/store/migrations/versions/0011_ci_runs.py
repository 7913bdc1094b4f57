"""What CI says of commits, and of the images that releases wait for"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "ci_runs",
        sa.Column("project", sa.String(63), nullable=False),
        sa.Column("commit", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("part", sa.Boolean(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("started_at", sa.String(32), nullable=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("seen_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("project", "commit", "name", "number", name=op.f("pk_ci_runs")),
    )
    op.create_index("ix_ci_runs_lately", "ci_runs", ["project", "name", "state", "at"])
    op.create_index("ix_ci_runs_seen_at", "ci_runs", ["seen_at"])
    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("build", sa.JSON(), nullable=True))
