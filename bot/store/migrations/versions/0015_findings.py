"""Health checks, and what is found out about breakages"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    with op.batch_alter_table("stagings") as table:
        table.add_column(sa.Column("engine_health", sa.String(16), nullable=False, server_default=sa.text("'healthy'")))
        table.add_column(sa.Column("engine_reason", sa.Text(), nullable=False, server_default=sa.text("''")))
        table.add_column(sa.Column("engine_details", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
        table.add_column(sa.Column("engine_worst", sa.Text(), nullable=False, server_default=sa.text("''")))
        table.add_column(sa.Column("checks", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
        table.add_column(sa.Column("signs", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
        table.add_column(sa.Column("finding", sa.JSON(), nullable=True))
        table.add_column(sa.Column("alerted_at", sa.String(32), nullable=True))
        table.add_column(sa.Column("called_at", sa.String(32), nullable=True))
        table.add_column(sa.Column("excused_at", sa.String(32), nullable=True))
        table.add_column(sa.Column("breaks", sa.Integer(), nullable=False, server_default=sa.text("0")))
        table.add_column(sa.Column("recovered_at", sa.String(32), nullable=True))
        table.add_column(sa.Column("mutes", sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
        table.add_column(sa.Column("well_from", sa.String(32), nullable=True))
        table.add_column(sa.Column("unproven", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
        table.add_column(sa.Column("witness_for", sa.String(32), nullable=False, server_default=sa.text("''")))
        table.add_column(sa.Column("witness_of", sa.String(16), nullable=True))
    op.create_index("ix_stagings_witness_for", "stagings", ["witness_for"], sqlite_where=sa.text("witness_for != ''"))
    # What is broken or not well now was told, and is so by the engine's word.
    op.execute("UPDATE stagings SET engine_health = health, engine_reason = health_reason")
    op.execute("UPDATE stagings SET engine_details = health_details, alerted_at = broken_since")
    op.execute("UPDATE stagings SET breaks = 1 WHERE broken_since IS NOT NULL")
    op.execute("UPDATE stagings SET well_from = (SELECT ended_at FROM releases WHERE id = live_id)")
    op.create_table(
        "check_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staging_id", sa.String(32), nullable=False),
        sa.Column("release_id", sa.String(32), nullable=False),
        sa.Column("check", sa.Text(), nullable=False),
        sa.Column("mark", sa.String(16), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("since", sa.String(32), nullable=False),
        sa.Column("seen_at", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["staging_id"], ["stagings.id"], name=op.f("fk_check_history_staging_id_stagings"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.id"], name=op.f("fk_check_history_release_id_releases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_history")),
    )
    op.create_index("ix_check_history_staging", "check_history", ["staging_id", "check", "since"])
    op.create_index("ix_check_history_release", "check_history", ["release_id"])
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("project", sa.String(63), nullable=False),
        sa.Column("shared", sa.Text(), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("began_at", sa.String(32), nullable=False),
        sa.Column("closed_at", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index("ix_incidents_open", "incidents", ["project"], sqlite_where=sa.text("closed_at IS NULL"))
