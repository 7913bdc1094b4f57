"""The configuration of releases"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("releases", schema=None) as batch_op:
        for name in ("values", "secrets", "overrides"):
            batch_op.add_column(sa.Column(name, sa.JSON(), server_default=sa.text("'{}'"), nullable=False))
