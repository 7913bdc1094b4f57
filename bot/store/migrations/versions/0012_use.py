"""What owners were told of the end, and when stagings were used"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "idle_lists",
        sa.Column("project", sa.String(63), nullable=False),
        sa.Column("told_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("project", name=op.f("pk_idle_lists")),
    )
    with op.batch_alter_table("stagings", schema=None) as batch_op:
        for name in ("reminded_for", "last_used_at", "in_use_since", "turns_at"):
            batch_op.add_column(sa.Column(name, sa.String(32), nullable=True))
