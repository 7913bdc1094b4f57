"""Releases that wait for their image"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("awaits", sa.Text(), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column("awaits_until", sa.String(length=32), nullable=True))
    with op.batch_alter_table("stagings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("look_at", sa.String(length=32), nullable=True))
