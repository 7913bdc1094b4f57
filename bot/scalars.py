"""What a scalar of YAML means, as Kubernetes reads it: 12:30 is text, although YAML 1.1 makes a number of it."""

from typing import Any

import yaml
from yaml.constructor import SafeConstructor

TAG = "tag:yaml.org,2002:"
_LARGEST = 2**64
_CONSTRUCTOR = SafeConstructor()


def scalar(node: yaml.ScalarNode) -> Any:
    """Text, number, boolean or None: what JSON can hold. Raises ValueError, in words about the scalar."""
    kind, text = node.tag.removeprefix(TAG), str(node.value)
    if kind in ("str", "timestamp", "value") or (kind in ("int", "float") and ":" in text):
        if "\0" in text:
            raise ValueError("holds a NUL character")
        return text
    if kind not in ("int", "float", "bool", "null"):
        raise ValueError(f"the tag {node.tag} is not supported here")
    try:
        value = _CONSTRUCTOR.construct_object(node)
    except (ValueError, LookupError, yaml.YAMLError):
        raise ValueError(f"`{text[:100]}` is no {kind}; put text in quotes") from None
    if isinstance(value, int | float) and not abs(value) < _LARGEST:  # nor is NaN
        raise ValueError("is no number that can be used here; put it in quotes if it is text")
    return value
