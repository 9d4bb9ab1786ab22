"""The audit log for readers: filtered, page by page, or as a whole for a spreadsheet."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from gallery.models import AuditEntry
from gallery.spreadsheets import BYTE_ORDER_MARK, safe_cell

ROWS_A_PIECE = 500
COLUMNS = (
    *("number", "at", "actor_id", "actor", "action", "kind", "key"),
    *("before", "after", "reason", "reason_digest", "decision", "previous_hash", "hash"),
)


@dataclass(frozen=True)
class AuditFilter:
    """Empty: all. Days are those of the reader's time zone, both included."""

    actor: str = ""  # user name, or number
    action: str = ""
    kind: str = ""
    key: str = ""
    first_day: date | None = None
    last_day: date | None = None

    def entries(self) -> "QuerySet[AuditEntry]":
        """The newest first."""
        given = {"action": self.action, "kind": self.kind, "key": self.key}
        found = AuditEntry.objects.filter(**{name: value for name, value in given.items() if value})
        if self.actor:
            by_number = Q(actor_id=int(self.actor)) if _is_number(self.actor) else Q()
            found = found.filter(by_number | Q(actor__username=self.actor))
        if self.first_day:
            found = found.filter(at__gte=_midnight(self.first_day))
        if self.last_day:
            found = found.filter(at__lt=_midnight(self.last_day + timedelta(days=1)))
        return found.select_related("actor", "kept_reason").order_by("-number")


def csv_pieces(entries: "QuerySet[AuditEntry]", *, rows: int = ROWS_A_PIECE) -> Iterator[bytes]:
    """UTF-8, a row an entry, the newest first, read from the database piece by piece. Times are UTC."""
    yield (BYTE_ORDER_MARK + _csv([COLUMNS])).encode()
    below = None
    while piece := list(_before(entries, below)[:rows]):
        yield _csv([_row(entry) for entry in piece]).encode()
        below = piece[-1].number


def _row(entry: AuditEntry) -> list[str]:
    name = entry.actor.username if entry.actor else ""
    at = entry.at.isoformat()
    values = [entry.number, at, entry.actor_id, name, entry.action, entry.kind, entry.key]
    values += [entry.before, entry.after, entry.words, entry.reason if entry.has_digest else ""]
    values += [entry.decision, entry.previous_hash, entry.hash]
    return ["" if value is None else safe_cell(str(value)) for value in values]


def _csv(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _before(entries: "QuerySet[AuditEntry]", number: int | None) -> "QuerySet[AuditEntry]":
    return entries if number is None else entries.filter(number__lt=number)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
