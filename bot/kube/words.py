"""Every sentence that the Kubernetes engine says about a rollout: what happened, and what can be done next. Pure."""

import re
import signal
from collections.abc import Mapping, Sequence

from bot.kube.errors import shortened
from bot.kube.kinds import Kind

MOST_NAMED = 5


def subject(workload: str, container: str, alone: bool) -> str:
    return workload if alone else f"{workload} (container {container})"


def ending(terminated: dict[str, object]) -> str:
    """How a container ended, in words that read on after its name."""
    if terminated.get("reason") == "OOMKilled":
        return "ran out of memory and was killed"
    code = int(str(terminated.get("exitCode") or 0))
    if code > 128:
        try:
            return f"was ended by {signal.Signals(code - 128).name}"
        except ValueError:
            pass
    message = str(terminated.get("message") or "").strip()
    return f"exited with code {code}" + (f": {shortened(message)}" if message else "")


def crash(who: str, how: str, times: int) -> str:
    again = f", {times} times so far" if times > 1 else ""
    return f"{who} {how}{again}; it is started again"


def crash_loop(who: str, how: str, times: int, memory: str | None) -> str:
    again = f", {times} times so far" if times > 1 else ""
    if "out of memory" in how:
        limit = f" Its limit is {memory}." if memory else ""
        return f"{who} {how}{again}.{limit} Raise resources.limits.memory, or make it use less."
    return f"{who} {how}{again}. Its last lines may say why."


def configuration(who: str, message: str) -> str:
    return (
        f"{who} can't be configured: {shortened(_plain(message))}. Add what is missing to the branch's manifests, or "
        "mend the reference."
    )


def not_mounted(workload: str, message: str) -> str:
    return f"{workload} waits for a volume: {shortened(_plain(message))}"


def image_missing(who: str, image: str) -> str:
    return f"{who}: the image {image} is not in the registry. Once it is pushed, the release goes on by itself."


def image_awaited(who: str, image: str) -> str:
    return f"{who}: the image {image} is not in the registry yet"


def image_denied(who: str, image: str) -> str:
    return (
        f"{who}: the registry refuses to hand out the image {image}. Check its name, and that the cluster may pull it "
        "(imagePullSecrets)."
    )


def image_trouble(who: str, image: str, message: str) -> str:
    told = f": {shortened(_plain(message))}" if message else ""
    return f"{who}: the image {image} can't be pulled{told}"


def image_name(who: str, image: str) -> str:
    return f"{who}: `{image}` is no valid image name. Mend `image` in the manifests or in octopod.yaml."


def not_started(who: str, message: str) -> str:
    return f"{who} can't be started: {shortened(_plain(message))}"


def unschedulable(workload: str, message: str) -> str:
    return (
        f"{workload} finds no room in the cluster: {shortened(_plain(message))}. Ask for less in resources.requests, "
        "delete stagings that nobody needs, or add nodes."
    )


def claim_missing(workload: str, claim: str) -> str:
    return (
        f"{workload} mounts the claim `{claim}`, which is not there. Add a PersistentVolumeClaim `{claim}` to the "
        "branch's manifests, or mend the name."
    )


def no_volume(workload: str, claims: Mapping[str, str]) -> str:
    """`claims`: those without a volume, by name, and what is known about why."""
    one = len(claims) == 1
    why = "; ".join(dict.fromkeys(shortened(_plain(message)) for message in claims.values()))
    return (
        f"{workload} waits for {'a volume of its claim' if one else 'volumes of its claims'} "
        f"{_listed([f'`{name}`' for name in claims])}: {why}. Name a storageClassName that the cluster has "
        "(`kubectl get storageclasses`), or ask its administrators for volumes."
    )


def evicted(workload: str, message: str) -> str:
    return f"{workload} was evicted: {shortened(_plain(message))}" if message else f"{workload} was evicted"


def taken_off(workload: str, node: str, message: str) -> str:
    why = f": {shortened(_plain(message))}" if message else ""
    return f"{workload} was taken off the node {node}{why}"


def node_lost(workload: str, node: str) -> str:
    return f"the node {node}, on which {workload} runs, is not well or does not answer"


def out_of_memory(who: str, how: str, limit: str) -> str:
    return f"{who} {how}" + (f"; its limit is {limit}" if limit else "")


def not_pulled(who: str, image: str, registry: str) -> str:
    return f"{who}: the image {image} can't be pulled from {registry}"


def refused(workload: str, message: str) -> str:
    """Why no pod of it could even be made."""
    if "exceeded quota" in message:
        found = message[message.index("exceeded quota") :]
        return (
            f"{workload}: the staging's quota is used up ({shortened(found)}). Ask for fewer replicas or resources, "
            "or have the quota raised."
        )
    if "PodSecurity" in message:
        found = message[message.index("violates PodSecurity") :] if "violates PodSecurity" in message else message
        return f"{workload} is not allowed to run so: {shortened(found)}. Drop that from the pod's spec."
    return f"{workload}: the cluster refuses its pods: {shortened(_plain(message))}"


def deadline(workload: str, ready: int, wanted: int, seconds: object) -> str:
    return (
        f"{workload}: {ready} of {wanted} ready after progressDeadlineSeconds ({seconds} s). Its readiness probe and "
        "its log may say why."
    )


def on_delete(workload: str) -> str:
    return f"{workload} has the update strategy OnDelete, so its pods are never replaced. Use RollingUpdate."


def job_failed(workload: str, how: str, reason: str) -> str:
    if reason == "DeadlineExceeded":
        return f"{workload} took longer than its activeDeadlineSeconds. Raise it, or make the job faster."
    last = f": the last time it {how}" if how else ""
    return f"{workload} failed{last}. Its last lines may say why."


def no_baseline() -> str:
    return (
        "There is no staging of the project's baseline that data could be copied from. Deploy the baseline, then this "
        "again."
    )


def baseline_asleep(name: str) -> str:
    return f"The data of {name} can't be copied while {name} sleeps: `/octopod wake {name}`, then deploy this again."


def no_such_giver(name: str, workload: str) -> str:
    return (
        f"{name} has no workload {workload} that data could be copied from. Deploy {name} with one, or mend "
        "octopod.dev/snapshot-of."
    )


def giver_not_ready(name: str, workload: str) -> str:
    return f"{workload} of {name}, whose data is to be copied, is not ready. Deploy this again when it is."


def gives_nothing(name: str, workload: str) -> str:
    return (
        f"{workload} of {name} gives out no data: its pods have no annotation octopod.dev/snapshot. Deploy {name} with "
        "one, then this again."
    )


def giving(namespace: str, program: str) -> str:
    """Who reads on with how it ended."""
    return f"`{program}`, which gives out the data in {namespace},"


def taking(path: str) -> str:
    """Who reads on with how it ended."""
    return f"Writing the data to {path}"


def unknown_kind(kind: Kind) -> str:
    return (
        f"The cluster does not know {kind.name} ({kind.version}). Have its administrators install what brings it, mend "
        "apiVersion, or do without it."
    )


def cluster_wide(kind: Kind) -> str:
    return f"{kind.name} ({kind.version}) is no kind of single namespaces, so no staging can have one of its own."


def unwatched(kind: Kind) -> str:
    return (
        f"Octopod's account may not watch {kind.plural} ({kind.version}), so nobody could tell how they do. Have the "
        "cluster's administrators give it that right; docs/configuration.md says how."
    )


def unseen(title: str) -> str:
    return f"{title}: its controller has not looked at what is new yet"


def not_yet(title: str, reason: str, message: str) -> str:
    return f"{title} is not ready{_because(reason, message)}"


def stalled(title: str, reason: str, message: str) -> str:
    return f"{title} can't get ready{_because(reason, message)}. Mend it in the branch's manifests."


def route_unseen(route: str, gateway: str) -> str:
    return (
        f"HTTPRoute `{route}`: nothing has answered for the Gateway {gateway} yet. See that there is such a Gateway, "
        "and that its class has a controller."
    )


def route_refused(route: str, gateway: str, reason: str, message: str) -> str:
    return (
        f"HTTPRoute `{route}` is not served by the Gateway {gateway}{_because(reason, message)}. Mend the route, or "
        "have the Gateway let it in (allowedRoutes, hostname)."
    )


def content_held(namespace: str, left: Mapping[str, int], names: Sequence[str], finalizers: Sequence[str]) -> str:
    """`left`: how many objects of which kind; `names`: those that are known by name."""
    one = len(finalizers) == 1
    return (
        f"{_content(left, names)} can't go: the finalizer{'' if one else 's'} "
        f"{_listed([f'`{each}`' for each in finalizers])} {'holds' if one else 'hold'} what whoever set "
        f"{'it has' if one else 'them has'} not let go. If nobody will, take {'it' if one else 'them'} out of "
        f"metadata.finalizers: `kubectl -n {namespace} edit {','.join(left) or 'OBJECT'}`."
    )


def content_left(namespace: str, left: Mapping[str, int], names: Sequence[str], message: str) -> str:
    if not left:
        return f"Something is left of it: {shortened(_plain(message))}."
    return f"It waits for {_content(left, names)} to end. `kubectl -n {namespace} get {','.join(left)}` shows more."


def namespace_held(namespace: str, finalizers: Sequence[str]) -> str:
    return (
        f"Its namespace itself carries {_listed([f'`{each}`' for each in finalizers])}: whoever set that must let go, "
        f"or somebody takes it out of metadata.finalizers: `kubectl edit namespace {namespace}`."
    )


def still_running(namespace: str, names: Sequence[str]) -> str:
    shown = _listed(names[:MOST_NAMED])
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return (
        f"{shown}{more} can't be ended. A finalizer may hold it, or its node may be lost: "
        f"`kubectl -n {namespace} describe pods` shows more."
    )


def sleep_refused(text: str, seconds: float) -> str:
    return (
        f"The cluster refuses to end what runs: {shortened(_plain(text))}. Give the bot's account that right "
        f"(`kubectl apply -k manifests/bot`). It is tried again every {seconds:g} s."
    )


def removal_refused(text: str, seconds: float) -> str:
    return (
        f"The cluster refuses to remove it: {shortened(_plain(text))}. Give the bot's account that right "
        "(`kubectl apply -k manifests/bot`), or remove what keeps it from it; `octopod doctor` shows all that are "
        f"missing. It is tried again every {seconds:g} s."
    )


def undeletable(message: str) -> str:
    return (
        f"The cluster can't delete all of it: {shortened(_plain(message))}. That is for its administrators to mend; "
        "the removal then goes on by itself."
    )


def unknown_content(message: str) -> str:
    return (
        f"The cluster can't tell what is left of it: {shortened(_plain(message))}. `kubectl get apiservices` shows "
        "which API does not answer; when it does, or is removed, this goes on by itself."
    )


def _content(left: Mapping[str, int], names: Sequence[str]) -> str:
    counted = _listed([f"{count} {kind}" for kind, count in left.items()]) or "Something in it"
    return counted + (f" ({_listed(names[:MOST_NAMED])}{', …' if len(names) > MOST_NAMED else ''})" if names else "")


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _because(reason: str, message: str) -> str:
    told = [part for part in (reason, shortened(_plain(message))) if part]
    return f": {': '.join(told)}" if told else ""


def _plain(message: str) -> str:
    """Without line breaks and the full stop that the sentence around it has."""
    return re.sub(r"\s+", " ", message).strip().rstrip(".")
