"""What git hosts were told of stagings"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("staging_id", sa.String(32), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staging_id"], ["stagings.id"], name=op.f("fk_reports_staging_id_stagings"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("staging_id", name=op.f("pk_reports")),
    )
