"""Where a tower ends and its projection begins: what comes out of a tower that stays as it is, is kept."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from gallery.clip.towers import Members
from gallery.training.folder import RunError


class Cut(Protocol):
    def features(self, inputs: Tensor) -> Tensor:
        """Inputs of the tower (N, …) → what its projection gets, (N, F)."""
        ...

    def project(self, features: Tensor) -> Tensor:
        """(N, F) → (N, D), of any length."""
        ...

    def parameters(self) -> list[nn.Parameter]:
        """Of the projection."""
        ...


class ProjectionCut:
    """A tower with one projection at its end: a module, or a matrix that open_clip multiplies with."""

    def __init__(self, encode: Callable[[Tensor], Tensor], owner: nn.Module, name: str) -> None:
        self.encode, self.owner, self.name = encode, owner, name
        self.projection: Any = getattr(owner, name)

    def features(self, inputs: Tensor) -> Tensor:
        with self._taken_out():
            return self.encode(inputs)

    def project(self, features: Tensor) -> Tensor:
        if isinstance(self.projection, nn.Parameter):
            return features @ self.projection
        return self.projection(features)

    def parameters(self) -> list[nn.Parameter]:
        if isinstance(self.projection, nn.Parameter):
            return [self.projection]
        return list(self.projection.parameters())

    @contextmanager
    def _taken_out(self) -> Iterator[None]:
        setattr(self.owner, self.name, None if isinstance(self.projection, nn.Parameter) else nn.Identity())
        try:
            yield
        finally:
            setattr(self.owner, self.name, self.projection)


class MembersCut:
    """The pack's towers: features side by side, and the sum of what each projection makes of its own.

    The vote of the classes stays as it is: a few hundred pictures of a gallery have no more to say of it.
    """

    def __init__(self, trunk: Members) -> None:
        self.trunk = trunk

    def features(self, inputs: Tensor) -> Tensor:
        return torch.cat(self.trunk.features(inputs), dim=1)

    def project(self, features: Tensor) -> Tensor:
        return self.trunk.project(features.chunk(len(self.trunk.members), dim=1))

    def parameters(self) -> list[nn.Parameter]:
        return [parameter for member in self.trunk.members for parameter in member.head.parameters()]  # type: ignore


def image_cut(network: nn.Module) -> Cut:
    """Raises RunError for a tower whose projection cannot be told from the rest."""
    visual: Any = network.visual
    if isinstance(getattr(visual, "trunk", None), Members):
        return MembersCut(visual.trunk)
    return _cut(network.encode_image, visual, ("proj", "head"), "image")  # type: ignore[arg-type]


def text_cut(network: nn.Module) -> Cut:
    """Raises RunError as image_cut()."""
    owner: Any = getattr(network, "text", network)
    return _cut(network.encode_text, owner, ("proj", "text_projection"), "text")  # type: ignore[arg-type]


def _cut(encode: Callable[[Tensor], Tensor], owner: nn.Module, names: tuple[str, ...], what: str) -> Cut:
    for name in names:
        projection = getattr(owner, name, None)
        is_matrix = isinstance(projection, nn.Parameter)
        if is_matrix or (isinstance(projection, nn.Module) and any(True for _ in projection.parameters())):
            return ProjectionCut(encode, owner, name)
    raise RunError(
        f"The {what} tower of this model has no projection of its own: choose --lock image, text or none."
    )
