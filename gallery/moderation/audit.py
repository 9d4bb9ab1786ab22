"""The audit log: who did what to which thing, when and why, as a chain of hashes.

Each entry's hash is the SHA-256 of its own canonical JSON, in which the hash of the entry before stands: who
changes or removes one would have to write all later ones anew, and the end that AuditHead keeps (Haber and
Stornetta 1991, “How to Time-Stamp a Digital Document”, section 5.1, linking).
"""

import hashlib
import json
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

from django.db import DatabaseError, transaction
from django.utils import timezone

from gallery.models import AuditEntry, AuditHead, AuditReason, User
from gallery.models.audit import State

BATCH = 500  # rows read at once
CHANGED, MISSING, BEYOND, SPEECHLESS = "changed", "missing", "beyond the end", "its reason is missing"
ERASED = "erased"  # in an entry that tells so: the numbers of those whose reason is gone
UNREADABLE = (ValueError, DatabaseError)  # what is no time, no id or no UTF-8 any more


@dataclass(frozen=True)
class Flaw:
    """Where the chain does not hold. number: of the entry."""

    number: int
    what: str  # CHANGED, MISSING, BEYOND or SPEECHLESS


@dataclass(frozen=True)
class Verdict:
    total: int  # entries that were read
    flaws: list[Flaw]


@transaction.atomic
def record(
    *,
    actor: User | None,
    action: str,
    kind: str,
    key: object,
    before: State | None = None,
    after: State | None = None,
    reason: str = "",
    decision: uuid.UUID | None = None,
) -> AuditEntry:
    """Appends an entry, in the transaction of what it tells of: both are there, or neither."""
    head = _held_head()
    kept = AuditReason(entry_id=head.number + 1, salt=secrets.token_hex(16), text=reason)
    entry = AuditEntry(
        number=head.number + 1,
        at=timezone.now(),
        actor_id=actor.pk if actor else None,
        action=action,
        kind=kind,
        key=str(key),
        before=canonical(before or {}),
        after=canonical(after or {}),
        reason=kept.digest if reason else "",
        decision=decision,
        previous_hash=head.hash,
    )
    entry.hash = hash_of(entry)
    entry.save(force_insert=True)
    if reason:
        kept.entry = entry
        kept.save(force_insert=True)
    head.number, head.hash = entry.number, entry.hash
    head.save(update_fields=["number", "hash"])
    return entry


def canonical(value: object) -> str:
    """JSON with one spelling only: keys in order, no spaces, letters as they are."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_of(entry: AuditEntry) -> str:
    """64 hex digits, over all columns but the hash itself."""
    content = {
        "number": entry.number,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry.actor_id,
        "action": entry.action,
        "kind": entry.kind,
        "key": entry.key,
        "before": entry.before,
        "after": entry.after,
        "reason": entry.reason,
        "decision": str(entry.decision) if entry.decision else None,
        "previous_hash": entry.previous_hash,
    }
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def verify() -> Verdict:
    """Follows the chain from its first entry to the end. Each flaw is told once, at the entry that has it."""
    head = AuditHead.objects.filter(pk=AuditHead.ROW).first() or AuditHead()
    chain = _Chain()
    total = 0
    for number, entry in _entries():
        total += 1
        if number > head.number:
            chain.flaws.append(Flaw(number, BEYOND))
        else:
            chain.follow(number, entry)
    chain.end(head)
    return Verdict(total, sorted(chain.flaws, key=lambda flaw: flaw.number))


class _Chain:
    def __init__(self) -> None:
        self.flaws: list[Flaw] = []
        self._number = 0  # the last that was followed
        self._hashes = {AuditHead().hash}  # either of which the next one may name; none: it is not known
        self._speechless: set[int] = set()  # whose reason is not there
        self._erased: set[int] = set()  # of which an entry tells so

    def follow(self, number: int, entry: AuditEntry | None) -> None:
        if number > self._number + 1:
            self._miss(number)
        if entry is None:  # cannot even be read
            self.flaws.append(Flaw(number, CHANGED))
            self._number, self._hashes = number, set()
            return
        right = hash_of(entry)
        has_its_words = entry.kept is None or entry.kept.digest == entry.reason
        if entry.hash != right or not has_its_words:
            self.flaws.append(Flaw(number, CHANGED))
        else:
            self._link(entry.previous_hash)
            self._listen(entry)
        # Should only the hash have been changed, the entry behind it still names the right one.
        self._number, self._hashes = number, {entry.hash, right}

    def end(self, head: AuditHead) -> None:
        if head.number > self._number:
            self._miss(head.number + 1)
        self._link(head.hash)
        self.flaws += [Flaw(number, SPEECHLESS) for number in self._speechless - self._erased]

    def _listen(self, entry: AuditEntry) -> None:
        if entry.has_digest and not entry.kept:
            self._speechless.add(entry.number)
        if entry.action == AuditEntry.Action.ERASE:
            self._erased.update(entry.state_after.get(ERASED, ()))

    def _link(self, named: str) -> None:
        """An entry that was written anew with a hash that fits is not the one that its successor names."""
        told = {flaw.number for flaw in self.flaws}
        if self._hashes and named not in self._hashes and self._number not in told:
            self.flaws.append(Flaw(self._number, CHANGED))

    def _miss(self, before: int) -> None:
        self.flaws += [Flaw(number, MISSING) for number in range(self._number + 1, before)]
        self._number, self._hashes = before - 1, set()


def _held_head() -> AuditHead:
    AuditHead.objects.get_or_create(pk=AuditHead.ROW)
    return AuditHead.objects.select_for_update().get(pk=AuditHead.ROW)


def _entries() -> Iterator[tuple[int, AuditEntry | None]]:
    """All of them, the oldest first; None for one that cannot be read any more."""
    entries = AuditEntry.objects.select_related("kept_reason").order_by("number")
    last = -1
    while numbers := list(entries.filter(number__gt=last).values_list("number", flat=True)[:BATCH]):
        try:
            found = {entry.number: entry for entry in entries.filter(number__in=numbers)}
        except UNREADABLE:
            found = {number: entry for number in numbers if (entry := _readable(number))}
        for number in numbers:
            entry = found.get(number)
            yield number, entry if entry and entry.at else None
        last = numbers[-1]


def _readable(number: int) -> AuditEntry | None:
    try:
        return AuditEntry.objects.get(number=number)
    except UNREADABLE:
        return None
