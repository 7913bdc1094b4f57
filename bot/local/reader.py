"""A release's objects, read whole: either all of it can run here, or every mistake is told at once. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.hooks import MAIN
from bot.domain.redaction import secrets_of
from bot.local.configuration import Configuration, read_config_map, read_secret
from bot.local.fields import Fields, Mistakes
from bot.local.network import most_specific_first, read_ingress, read_service
from bot.local.pods import read_deployment, read_job
from bot.local.spec import Release

KINDS = frozenset(
    {
        ("apps/v1", "Deployment"),
        ("batch/v1", "Job"),
        ("v1", "Service"),
        ("networking.k8s.io/v1", "Ingress"),
        ("v1", "ConfigMap"),
        ("v1", "Secret"),
        ("v1", "PersistentVolumeClaim"),
    }
)


def read_release(objects: Sequence[Mapping[str, Any]]) -> Release:
    """Raises PermanentError with all mistakes, each beginning with the object's kind and name."""
    mistakes = Mistakes()
    found = _by_kind(objects, mistakes)
    claims = frozenset(each.map("metadata").text("name") for each in found["PersistentVolumeClaim"])
    configuration = _configuration(found)
    workloads = tuple(
        [read_job(each, configuration, claims) for each in found["Job"]]
        + [read_deployment(each, configuration, claims) for each in found["Deployment"]]
    )
    services = tuple(read_service(each, workloads) for each in found["Service"])
    routes = [route for each in found["Ingress"] for route in read_ingress(each, services)]
    if not any(workload.rank == MAIN for workload in workloads):
        mistakes.lines.append("There is nothing to run: no Deployment and no Job that is not a hook.")
    mistakes.raise_any()
    return Release(workloads, services, most_specific_first(routes), secrets_of(objects))


def _by_kind(objects: Sequence[Mapping[str, Any]], mistakes: Mistakes) -> dict[str, list[Fields]]:
    found: dict[str, list[Fields]] = {kind: [] for _, kind in KINDS}
    names: set[tuple[str, str]] = set()
    for each in objects:
        kind, metadata = str(each.get("kind")), each.get("metadata")
        name = str(metadata.get("name") or "") if isinstance(metadata, Mapping) else ""
        fields = Fields(each, f"{kind} {name or '(without a name)'}", mistakes)
        if (each.get("apiVersion"), kind) not in KINDS:
            fields.wrong(f"{each.get('apiVersion')} {kind} is not known to the local engine")
        elif not name or "/" in name or name in (".", ".."):
            fields.wrong("it needs a name")
        elif (kind, name) in names:
            fields.wrong("it is there twice")
        else:
            names.add((kind, name))
            found[kind].append(fields)
    return found


def _configuration(found: Mapping[str, Sequence[Fields]]) -> Configuration:
    configuration = Configuration()
    for each in found["ConfigMap"]:
        configuration.config_maps[each.map("metadata").text("name")] = read_config_map(each)
    for each in found["Secret"]:
        configuration.secrets[each.map("metadata").text("name")] = read_secret(each)
    for each in (*found["Deployment"], *found["Job"]):
        configuration.namespace = each.map("metadata").text("namespace", configuration.namespace)
    return configuration
