"""The list of what nobody may add: files by their SHA-256, and with them what looks like their pictures."""

from django.db import transaction

from gallery.models import AuditEntry, BlockedFile, PrintBlocking, User
from gallery.models.audit import State
from gallery.moderation import audit
from gallery.moderation.states import SETTING_KEY, read_state, write_state

Action, Kind = AuditEntry.Action, AuditEntry.Kind


class NotBlocked(Exception):
    """The file is not on the list (any more), or was never taken off it."""


def current() -> PrintBlocking:
    """What happens to what looks like a blocked picture."""
    return PrintBlocking.objects.filter(pk=PrintBlocking.ROW).first() or PrintBlocking()


@transaction.atomic
def unblock(*, sha256: str, by: User, reason: str = "") -> None:
    """From now on the file, and what looks like it, may come in. Raises NotBlocked."""
    if not BlockedFile.objects.select_for_update().filter(pk=sha256).exists():
        raise NotBlocked
    before = read_state(Kind.FILE, sha256)
    _change(
        Kind.FILE,
        sha256,
        before,
        dict.fromkeys(before, "") | {"is_blocked": False},
        Action.UNBLOCK,
        by,
        reason,
    )


@transaction.atomic
def block_again(*, sha256: str, by: User, reason: str = "") -> BlockedFile:
    """Puts a file back on the list, as it was when it was last taken off. Raises NotBlocked."""
    removals = AuditEntry.objects.filter(kind=Kind.FILE, key=sha256, action=Action.UNBLOCK)
    last = removals.order_by("-number").first()
    if last is None:
        raise NotBlocked
    before = read_state(Kind.FILE, sha256)
    if not before["is_blocked"]:
        _change(Kind.FILE, sha256, before, last.state_before, Action.BLOCK, by, reason)
    return BlockedFile.objects.get(pk=sha256)


@transaction.atomic
def set_print_blocking(*, distance: int, result: str, by: User, reason: str = "") -> PrintBlocking:
    """For pictures that come in from now on."""
    before = read_state(Kind.SETTING, SETTING_KEY)
    after = {"distance": distance, "result": result}
    if after != before:
        _change(Kind.SETTING, SETTING_KEY, before, after, Action.SET, by, reason)
    return current()


@transaction.atomic
def note_prints(*, sha256: str, prints: bytes) -> None:
    """Of a file that was blocked before its picture had any."""
    if BlockedFile.objects.select_for_update().filter(pk=sha256, prints=None).exists():
        _change(Kind.FILE, sha256, {"prints": ""}, {"prints": prints.hex()}, Action.BLOCK, None, "")


def _change(
    kind: str, key: str, before: State, after: State, action: str, by: User | None, reason: str
) -> None:
    write_state(kind, key, after)
    audit.record(actor=by, action=action, kind=kind, key=key, before=before, after=after, reason=reason)
