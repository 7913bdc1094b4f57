"""Stagings that sleep, and of which nothing is there any more"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    with op.batch_alter_table("stagings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lost", sa.JSON(none_as_null=True), nullable=True))
