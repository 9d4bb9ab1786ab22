"""Choosing a model, for the command and for the page of admins."""

from pathlib import Path

from django.conf import settings

from clipweb.registry import store
from clipweb.registry.catalogue import SHIPPED, Kind
from clipweb.registry.catalogue import find as find_entry
from clipweb.registry.chosen import SHIPPED_CLIP, Choice, read_choice, write_choice
from clipweb.registry.store import RegistryError


def kind_of(name: str) -> Kind:
    """Raises RegistryError for a model that is not here, or not as it was installed."""
    model = store.find(name)
    entry = find_entry(name)
    if model is None and entry not in SHIPPED:
        known = "fetch it first" if entry else "`manage.py models list` has the names"
        raise RegistryError(f"{name} is not here: {known}.")
    if model and (damages := store.damages(model)):
        raise RegistryError(" ".join(damages))
    return model.kind if model else entry.kind  # type: ignore[union-attr]


def use(name: str) -> Kind:
    """Chooses it, from the next start on. Raises RegistryError as kind_of()."""
    kind = kind_of(name)
    model = store.find(name)
    choice = read_choice(settings.MODELS_DIR)
    if kind == "clip":
        choice = Choice(clip=name, architecture=model.architecture if model else "", vqgan=choice.vqgan)
    else:
        choice = Choice(choice.clip, choice.architecture, model.name if model else "")
    write_choice(settings.MODELS_DIR, choice)
    return kind


def is_given(kind: Kind) -> bool:
    """Whether the environment sets it, which wins over what is chosen."""
    return settings.IS_CLIP_GIVEN if kind == "clip" else settings.IS_VQGAN_GIVEN


def chosen(kind: Kind) -> str:
    """The name that active.json leads to, whether or not the processes have started with it yet."""
    choice = read_choice(settings.MODELS_DIR)
    return (choice.clip or "mini") if kind == "clip" else (choice.vqgan or "mini-vqgan")


def at_work(kind: Kind) -> str:
    """The name of what the processes started with; `other` for a file outside of MODELS_DIR."""
    path = settings.CLIP_PRETRAINED if kind == "clip" else settings.VQGAN_CHECKPOINT
    if not path:
        return settings.CLIP_MODEL if kind == "clip" else "mini-vqgan"
    folder = Path(path) if kind == "clip" else Path(path).parent
    return folder.name if folder.parent == settings.MODELS_DIR else "other"


def is_small() -> bool:
    """Whether searches work with the pack that comes with the repository."""
    return settings.CLIP_MODEL in SHIPPED_CLIP
