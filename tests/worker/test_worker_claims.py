"""What holds data is asked about before it is deleted, so none of it may be overlooked."""

from typing import Any

from bot.worker.engine import claims_of


def an_object(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name}, "spec": spec}


def test_claims_and_those_that_stateful_sets_make() -> None:
    database = an_object("StatefulSet", "db", volumeClaimTemplates=[{"metadata": {"name": "data"}}])
    objects = [an_object("PersistentVolumeClaim", "uploads"), database, an_object("StatefulSet", "cache")]
    assert claims_of([*objects, an_object("Deployment", "web")]) == ["data-db", "uploads"]
