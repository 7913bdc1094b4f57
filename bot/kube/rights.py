"""What the bot's account must be allowed, and where. A test holds it equal to manifests/bot/roles.yaml. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.kube.kinds import EVENT, NAMESPACE, OF_BRANCHES, OF_NAMESPACES, POD, ROLE_BINDING, SECRET, WORKLOADS, Kind
from bot.kube.prepare import ACCOUNT, STAGING_ROLE

RBAC = "rbac.authorization.k8s.io"
LOOK = ("get", "list", "watch")
WRITE = ("get", "list", "create", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Right:
    """`verbs` on a resource, or on one part of it (`pods/log`). `name`: on the object of this name only."""

    group: str
    resource: str
    verbs: tuple[str, ...]
    name: str = ""

    @property
    def title(self) -> str:
        return f"{self.resource} {self.name}".rstrip()

    def questions(self, namespace: str = "") -> list[dict[str, str]]:
        """One per verb, as a SelfSubjectAccessReview asks them. No namespace: in all of them."""
        resource, _, part = self.resource.partition("/")
        asked = {"group": self.group, "resource": resource, "subresource": part, "name": self.name}
        return [{**asked, "namespace": namespace, "verb": verb} for verb in self.verbs]


def _on(kinds: Sequence[Kind], verbs: tuple[str, ...]) -> list[Right]:
    return [Right(kind.group, kind.plural, verbs) for kind in kinds]


def of_further(kind: Kind) -> tuple[Right, Right]:
    """Everywhere, and in the namespaces of stagings, for a kind that not every cluster has. With its plural."""
    return _on([kind], LOOK)[0], _on([kind], WRITE)[0]


EVERYWHERE = (
    *_on([NAMESPACE], (*LOOK, "create", "patch", "delete")),
    *_on([ROLE_BINDING], ("get", "create", "patch")),
    Right(RBAC, "clusterroles", ("bind",), STAGING_ROLE),
    *_on([POD, EVENT, *WORKLOADS], LOOK),
)
# For `copy_secrets`, and for values of `secrets:`.
AT_HOME = tuple(_on([SECRET], ("get",)))
IN_STAGINGS = (
    *_on([*OF_BRANCHES, *OF_NAMESPACES], WRITE),
    *_on([POD], ("delete",)),
    Right("", "pods/log", ("get",)),
    Right("", "services/proxy", ("get",)),  # for `url_probe.from: cluster`
)


def is_account(user: str) -> bool:
    """Whether it is a service account: such a one gets its rights in the namespaces of stagings by a RoleBinding."""
    return user.startswith(ACCOUNT)
