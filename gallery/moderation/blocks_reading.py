"""What the page of the block list shows: what is blocked; by whom, when and why, as the audit log says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gallery.models import AuditEntry, BlockedFile, Decision, Image

Action, Kind = AuditEntry.Action, AuditEntry.Kind
REMOVED_SHOWN = 20


@dataclass(frozen=True)
class Blocked:
    """entry: the last one about it in the log; None for what came from elsewhere. image: one of the file that
    is not in a trash. decision: by which it was blocked, to look at its case."""

    file: BlockedFile
    entry: AuditEntry | None
    image: Image | None
    decision: Decision | None


def blocked(files: Sequence[BlockedFile]) -> list[Blocked]:
    """In their order."""
    keys = [file.sha256 for file in files]
    entries = _last_entries(keys, Action.BLOCK)
    images = {image.sha256: image for image in Image.objects.kept().filter(sha256__in=keys)}
    decisions = Decision.objects.in_bulk([each.decision for each in entries.values() if each.decision])
    return [
        Blocked(
            file=file,
            entry=(entry := entries.get(file.sha256)),
            image=images.get(file.sha256),
            decision=decisions.get(entry.decision) if entry and entry.decision else None,
        )
        for file in files
    ]


def removed() -> list[AuditEntry]:
    """The last that were taken off the list and are not on it again, the newest first."""
    there = BlockedFile.objects.values("pk")
    gone = AuditEntry.objects.filter(kind=Kind.FILE, action=Action.UNBLOCK).exclude(key__in=there)
    found: dict[str, AuditEntry] = {}
    for entry in gone.select_related("actor", "kept_reason").order_by("-number")[: 5 * REMOVED_SHOWN]:
        found.setdefault(entry.key, entry)
    return list(found.values())[:REMOVED_SHOWN]


def _last_entries(keys: Iterable[str], action: str) -> dict[str, AuditEntry]:
    """By people where there are any: a print that was noted later is nobody's doing."""
    entries = AuditEntry.objects.filter(kind=Kind.FILE, key__in=keys, action=action)
    found: dict[str, AuditEntry] = {}
    for entry in entries.select_related("actor", "kept_reason").order_by("number"):
        if entry.key not in found or entry.actor_id is not None:
            found[entry.key] = entry
    return found
