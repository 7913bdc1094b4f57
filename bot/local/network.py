"""Services and Ingresses, read into ports and routes, and checked against the workloads. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from bot.local.fields import Fields
from bot.local.spec import Route, Service, ServicePort, Workload, target_number


def read_service(found: Fields, workloads: Sequence[Workload]) -> Service:
    spec = found.map("spec")
    if spec.text("type", "ClusterIP") != "ClusterIP":
        spec.wrong(f"its type {spec.text('type')} is not known to the local engine: only ClusterIP is")
    selector = spec.text_map("selector")
    if not selector:
        spec.wrong("it has no selector, so it would lead nowhere")
    service = Service(found.map("metadata").text("name"), selector, tuple(_service_ports(spec)))
    if not service.ports:
        spec.wrong("it has no ports")
    for port in service.ports:
        _check_target(found, service, port, workloads)
    return service


def _service_ports(spec: Fields) -> Iterator[ServicePort]:
    for port in spec.maps("ports"):
        number = port.port("port")
        if not isinstance(number, int):
            port.wrong("every entry of ports needs a port with a number")
        elif port.text("protocol", "TCP") != "TCP":
            port.wrong(f"port {number}: only TCP is known to the local engine")
        else:
            yield ServicePort(number, port.port("targetPort") or number, port.text("name"))


def _check_target(found: Fields, service: Service, port: ServicePort, workloads: Iterable[Workload]) -> None:
    for workload in workloads:
        if service.selects(workload) and not any(target_number(each, port.target) for each in workload.containers):
            found.wrong(
                f"port {port.number} leads to port {port.target} of the {workload.kind} {workload.name}, "
                "which is not among its containers' ports"
            )


def read_ingress(found: Fields, services: Sequence[Service]) -> Iterator[Route]:
    spec = found.map("spec")
    if spec.has("defaultBackend"):
        spec.wrong("defaultBackend is not known to the local engine: give every rule a host")
    for rule in spec.maps("rules"):
        host = rule.text("host").lower()
        if not host or "*" in host:
            rule.wrong("every rule needs a host, without *")
            continue
        for path in rule.map("http").maps("paths"):
            yield from _route(path.at(f"host {host}"), host, services)


def _route(path: Fields, host: str, services: Sequence[Service]) -> Iterator[Route]:
    backend = path.map("backend").map("service")
    name = backend.text("name")
    asked = backend.map("port").port("number") or backend.map("port").port("name")
    service = next((each for each in services if each.name == name), None)
    if service is None:
        path.wrong(f"it leads to the Service {name}, which is not in the manifests")
        return
    port = next((each for each in service.ports if asked in (each.number, each.name or None)), None)
    if port is None:
        path.wrong(f"it leads to port {asked} of the Service {name}, which has no such port")
        return
    where = path.text("path", "/")
    if not where.startswith("/"):
        path.wrong(f"path {where} must begin with /")
        return
    yield Route(host, where, path.text("pathType") == "Exact", name, port.number)


def most_specific_first(routes: Iterable[Route]) -> tuple[Route, ...]:
    return tuple(sorted(routes, key=lambda route: (route.host, -len(route.path), not route.exact)))
