"""Manifests of what a release may have beside its workloads."""


def autoscaler(kind: str = "Deployment", name: str = "web", least: int = 2) -> str:
    """Without metrics it sees to it that there are as many as it asks for at least."""
    return f"""\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: {name}}}
spec:
  scaleTargetRef: {{apiVersion: apps/v1, kind: {kind}, name: {name}}}
  minReplicas: {least}
  maxReplicas: 5
  metrics: [{{type: Resource, resource: {{name: cpu, target: {{type: Utilization, averageUtilization: 80}}}}}}]
"""


def budget(least: int = 1) -> str:
    return f"""\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: web}}
spec: {{minAvailable: {least}, selector: {{matchLabels: {{app: web}}}}}}
"""


def cron_job(staging: str, schedule: str = "0 3 * * *") -> str:
    """`staging`: whose labels its Jobs carry, as if it were one of ours."""
    return f"""\
apiVersion: batch/v1
kind: CronJob
metadata: {{name: report}}
spec:
  schedule: "{schedule}"
  jobTemplate:
    metadata: {{labels: {{app.kubernetes.io/managed-by: octopod, octopod.dev/staging: {staging}}}}}
    spec:
      backoffLimit: 0
      template:
        metadata: {{labels: {{test.octopod.dev/fate: fail}}}}
        spec: {{restartPolicy: Never, containers: [{{name: report, image: "${{image}}"}}]}}
"""
