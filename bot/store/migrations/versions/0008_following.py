"""What stagings know of their branches"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "repositories",
        sa.Column("project", sa.String(63), nullable=False),
        sa.Column("repo", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project", name=op.f("pk_repositories")),
    )
    with op.batch_alter_table("stagings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("head", sa.String(64), nullable=False, server_default=sa.text("''")))
        batch_op.add_column(sa.Column("frozen", sa.Boolean(), nullable=False, server_default=sa.text("0")))
        batch_op.add_column(sa.Column("kept", sa.Boolean(), nullable=False, server_default=sa.text("0")))
        batch_op.add_column(sa.Column("branch_ended", sa.String(16), nullable=True))
        batch_op.add_column(sa.Column("branch_ended_by", sa.Text(), nullable=False, server_default=sa.text("''")))
