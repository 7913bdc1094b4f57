"""Sleep, wake, reset, deletes that can be taken back, and rollbacks"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TIMES = ("sleep_asked_at", "asleep_at", "visited_at", "wake_asked_at", "reset_at", "undo_until")


def upgrade() -> None:
    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("copy_of", sa.Integer(), nullable=True))
    with op.batch_alter_table("stagings", schema=None) as batch_op:
        for name in TIMES:
            batch_op.add_column(sa.Column(name, sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("slept_by", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("woken_by", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("waking", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("last_number", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("good", sa.Integer(), nullable=True))
