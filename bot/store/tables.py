"""The tables. Times are UTC, stored as ISO 8601 text of fixed width so that they sort as they read."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """An aware UTC datetime with microseconds. Naive ones are refused: they would mean another time elsewhere."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return datetime.fromisoformat(value) if value else None


def lease_columns() -> tuple[Column[Any], ...]:
    """What work in a queue carries.

    `due_at`: not before then. `tries`: claims since an outcome was last known; more than one means that somebody may
    have done it already. `failures`: in a row, for back-off.
    """
    return (
        Column("due_at", Utc, nullable=False),
        Column("lease_owner", String(32)),
        Column("lease_until", Utc),
        Column("tries", Integer, nullable=False, server_default=text("0")),
        Column("failures", Integer, nullable=False, server_default=text("0")),
        Column("error", Text, nullable=False, server_default=text("''")),
    )


stagings = Table(
    "stagings",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(63), nullable=False),
    Column("name", String(40), nullable=False),
    Column("branch", Text, nullable=False),
    Column("owner", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("attempt_id", String(32), nullable=False),
    Column("live_id", String(32)),
    Column("serving", String(32)),
    Column("desired", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("health", String(16), nullable=False),
    Column("health_reason", Text, nullable=False),
    Column("health_details", JSON, nullable=False),
    Column("unhealthy_since", Utc),
    Column("healthy_since", Utc),
    Column("broken_since", Utc),
    Column("expires_at", Utc),
    Column("reminded_for", Utc),
    Column("warned_for", Utc),
    Column("urls", JSON, nullable=False),
    Column("claims", JSON, nullable=False),
    Column("deleted_by", String(64)),
    Column("delete_reason", Text, nullable=False),
    Column("delete_asked_at", Utc),
    Column("deleted_at", Utc),
    Column("look_at", Utc),
    Column("wake_at", Utc),
    Column("slept_by", String(64)),
    Column("sleep_asked_at", Utc),
    Column("asleep_at", Utc),
    Column("visited_at", Utc),
    Column("waking", String(16)),
    Column("woken_by", String(64)),
    Column("wake_asked_at", Utc),
    Column("reset_at", Utc),
    Column("undo_until", Utc),
    Column("last_number", Integer, nullable=False, server_default=text("0")),
    Column("good", Integer),
    Column("head", String(64), nullable=False, server_default=text("''")),
    Column("frozen", Boolean, nullable=False, server_default=text("0")),
    Column("kept", Boolean, nullable=False, server_default=text("0")),
    Column("branch_ended", String(16)),
    Column("branch_ended_by", Text, nullable=False, server_default=text("''")),
    Column("last_used_at", Utc),
    Column("in_use_since", Utc),
    Column("turns_at", Utc),
    Column("pull", JSON(none_as_null=True)),
    Column("card_channel", String(32)),
    Column("card_ts", String(32)),
    Column("seed", Text),
    Column("lost", JSON(none_as_null=True)),
    Column("engine_health", String(16), nullable=False, server_default=text("'healthy'")),
    Column("engine_reason", Text, nullable=False, server_default=text("''")),
    Column("engine_details", JSON, nullable=False, server_default=text("'[]'")),
    Column("engine_worst", Text, nullable=False, server_default=text("''")),
    Column("checks", JSON, nullable=False, server_default=text("'[]'")),
    Column("signs", JSON, nullable=False, server_default=text("'[]'")),
    Column("finding", JSON(none_as_null=True)),
    Column("alerted_at", Utc),
    Column("called_at", Utc),
    Column("excused_at", Utc),
    Column("breaks", Integer, nullable=False, server_default=text("0")),
    Column("recovered_at", Utc),
    Column("mutes", JSON, nullable=False, server_default=text("'{}'")),
    Column("well_from", Utc),
    Column("unproven", JSON, nullable=False, server_default=text("'[]'")),
    Column("witness_for", String(32), nullable=False, server_default=text("''")),
    Column("witness_of", String(16)),
    Index("uq_stagings_project_name", "project", "name", unique=True, sqlite_where=text("deleted_at IS NULL")),
    Index("ix_stagings_wake_at", "wake_at"),
    Index("ix_stagings_card_ts", "card_ts"),
    Index("ix_stagings_witness_for", "witness_for", sqlite_where=text("witness_for != ''")),
)

releases = Table(
    "releases",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("staging_id", String(32), ForeignKey("stagings.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("branch", Text, nullable=False),
    Column("commit", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("requested_at", Utc, nullable=False),
    Column("stage", String(16), nullable=False),
    Column("env", JSON, nullable=False),
    Column("values", JSON, nullable=False, server_default=text("'{}'")),
    Column("secrets", JSON, nullable=False, server_default=text("'{}'")),
    Column("overrides", JSON, nullable=False, server_default=text("'{}'")),
    Column("files_at", Utc),
    Column("applied_at", Utc),
    Column("ready_at", Utc),
    Column("ended_at", Utc),
    Column("reason", Text, nullable=False),
    Column("details", JSON, nullable=False),
    Column("next_step", Text, nullable=False),
    Column("workloads", JSON, nullable=False),
    Column("awaits", Text, nullable=False, server_default=text("''")),
    Column("awaits_until", Utc),
    Column("build", JSON(none_as_null=True)),
    Column("copy_of", Integer),
    Column("objects", Text),
    Column("progress_ts", String(32)),
    Column("progress_done", Boolean, nullable=False, server_default=text("0")),
)

journal = Table(
    "journal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("staging_id", String(32), ForeignKey("stagings.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("what", String(32), nullable=False),
    Column("why", Text, nullable=False),
)

# How health checks stood with each release: one row from one decision to the next. `seen_at`: when that was so last.
check_history = Table(
    "check_history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("staging_id", String(32), ForeignKey("stagings.id", ondelete="CASCADE"), nullable=False),
    Column("release_id", String(32), ForeignKey("releases.id", ondelete="CASCADE"), nullable=False),
    Column("check", Text, nullable=False),
    Column("mark", String(16), nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("text", Text, nullable=False),
    Column("since", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Index("ix_check_history_staging", "staging_id", "check", "since"),
    Index("ix_check_history_release", "release_id"),
)

# Breakages of several stagings that share a cause, told as one. `members`: their ids, and how each is doing.
incidents = Table(
    "incidents",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(63), nullable=False),
    Column("shared", Text, nullable=False),
    Column("members", JSON, nullable=False),
    Column("began_at", Utc, nullable=False),
    Column("closed_at", Utc),
    Index("ix_incidents_open", "project", sqlite_where=text("closed_at IS NULL")),
)

ci_runs = Table(
    "ci_runs",
    metadata,
    Column("project", String(63), primary_key=True),
    Column("commit", String(64), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("number", Text, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("part", Boolean, nullable=False),
    Column("url", Text, nullable=False),
    Column("started_at", Utc),
    Column("at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Index("ix_ci_runs_lately", "project", "name", "state", "at"),
    Index("ix_ci_runs_seen_at", "seen_at"),
)

repositories = Table(
    "repositories",
    metadata,
    Column("project", String(63), primary_key=True),
    Column("repo", Text, nullable=False),
    Column("deploy_on", String(16), nullable=False, server_default=text("'chat'")),
)

# What the branches of projects were when that was last acted upon, where pushes make stagings.
branches = Table(
    "branches",
    metadata,
    Column("project", String(63), primary_key=True),
    Column("branch", Text, primary_key=True),
    Column("commit", String(64), nullable=False),
    Column("refused", Boolean, nullable=False, server_default=text("0")),
)

# As their hosts told them last. `due`: one shall have a staging that is not made yet.
pulls = Table(
    "pulls",
    metadata,
    Column("project", String(63), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("branch", Text, nullable=False),
    Column("commit", String(64), nullable=False),
    Column("base", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("fork", Boolean, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("due", Boolean, nullable=False, server_default=text("0")),
    Column("refused", Boolean, nullable=False, server_default=text("0")),
    Index("ix_pulls_branch", "project", "branch"),
)

idle_lists = Table(
    "idle_lists",
    metadata,
    Column("project", String(63), primary_key=True),
    Column("told_at", Utc, nullable=False),
)

requests = Table(
    "requests",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("command", Text, nullable=False),
    Column("user", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("thread_ts", String(32)),
    Column("response_url", Text),
    Column("view_id", String(32)),
    Column("received_at", Utc, nullable=False),
    Column("done_at", Utc),
    *lease_columns(),
    Index("ix_requests_open", "due_at", sqlite_where=text("done_at IS NULL")),
)

targets = Table(
    "targets",
    metadata,
    Column("staging_id", String(32), ForeignKey("stagings.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("wanted", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    *lease_columns(),
    Index("ix_targets_open", "kind", "due_at", sqlite_where=text("wanted > done")),
)

reports = Table(
    "reports",
    metadata,
    Column("staging_id", String(32), ForeignKey("stagings.id", ondelete="CASCADE"), primary_key=True),
    Column("told", JSON, nullable=False),
)

homes = Table(
    "homes",
    metadata,
    Column("user", String(64), primary_key=True),
    Column("opened_at", Utc, nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    *lease_columns(),
)

known = Table(
    "known",
    metadata,
    Column("project", String(63), primary_key=True),
    Column("branch", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("values", JSON, nullable=False),
    Column("learned_at", Utc, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("lane", String(64), nullable=False),
    Column("staging_id", String(32), ForeignKey("stagings.id", ondelete="CASCADE")),
    Column("request_id", String(128), ForeignKey("requests.id", ondelete="CASCADE")),
    Column("project", String(63)),
    Column("kind", String(16), nullable=False),
    Column("where", String(16), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("sent_at", Utc),
    Column("dropped_at", Utc),
    Column("channel", String(32)),
    Column("ts", String(32)),
    *lease_columns(),
    Index("ix_notices_open", "lane", "id", sqlite_where=text("sent_at IS NULL AND dropped_at IS NULL")),
    sqlite_autoincrement=True,
)
