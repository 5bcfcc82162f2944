"""YAML's nodes as libyaml composes them: texts, lists and mappings, each with its place. What a text means, its reader decides."""

from typing import Final

import yaml

DEEPEST: Final = 100
"""How deep anything that a person writes is nested; libyaml would go on until the process has no stack left."""


class NestedTooDeep(yaml.YAMLError):
    def __init__(self) -> None:
        super().__init__("is nested too deep")


def compose(text: str) -> yaml.Node | None:
    """The root of the one document of a text, None of an empty one. Raises YAMLError."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise NestedTooDeep
    root: yaml.Node | None = yaml.compose(text, Loader=yaml.CSafeLoader)
    return root
