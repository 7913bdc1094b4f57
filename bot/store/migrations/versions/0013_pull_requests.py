"""Pull requests, and stagings that come by themselves"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "branches",
        sa.Column("project", sa.String(63), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("commit", sa.String(64), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("project", "branch", name=op.f("pk_branches")),
    )
    op.create_table(
        "pulls",
        sa.Column("project", sa.String(63), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("commit", sa.String(64), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("fork", sa.Boolean(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.String(32), nullable=False),
        sa.Column("due", sa.Boolean(), nullable=False, server_default=sa.text("0")),
        sa.Column("refused", sa.Boolean(), nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("project", "number", name=op.f("pk_pulls")),
    )
    op.create_index("ix_pulls_branch", "pulls", ["project", "branch"])
    with op.batch_alter_table("stagings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pull", sa.JSON(), nullable=True))
    with op.batch_alter_table("repositories", schema=None) as batch_op:
        batch_op.add_column(sa.Column("deploy_on", sa.String(16), nullable=False, server_default=sa.text("'chat'")))
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("project", sa.String(63), nullable=True))
