"""The Kubernetes engine: a raw layer of objects as dicts, pure judgement of rollouts, and what joins them."""
