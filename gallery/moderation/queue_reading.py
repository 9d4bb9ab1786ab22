"""What the pages of moderators show of cases and decisions, each page in a handful of queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Prefetch

from gallery.models import Case, CaseQuerySet, Decision, Finding, Report, User
from gallery.moderation.actions import ALLOWED, HARMLESS, Action
from gallery.moderation.things import Thing, find_all

# On the keyboard, for everybody the same whatever a case is about.
KEYS = {
    Action.HIDE: "h",
    Action.BLUR: "b",
    Action.SAFE: "m",
    Action.DELETE: "r",
    Action.BLOCK: "f",
    Action.WARN: "w",
    Action.SUSPEND: "u",
    Action.SHOW: "a",
    Action.DISMISS: "n",
}


@dataclass(frozen=True)
class Offer:
    action: Action
    key: str  # on the keyboard
    number: int  # also on the keyboard


@dataclass(frozen=True)
class Shown:
    """A case as the queue shows it."""

    case: Case
    thing: Thing | None  # None: gone for good
    reports: list[Report]
    holder: User | None
    offers: list[Offer]
    earlier: int  # decisions against the same owner that stand
    findings: list[Finding]

    @property
    def is_held(self) -> bool:
        """Hidden by a check until the case is decided."""
        return any(finding.result == Finding.Result.HOLD for finding in self.findings)

    @property
    def suggested_reason(self) -> str:
        """What most speaks for a decision, in the words of the worst report, or of the worst finding."""
        if self.reports:
            return str(self.reports[0].get_reason_display())
        return self.findings[0].words if self.findings else ""


def with_reports(cases: CaseQuerySet) -> list[Case]:
    """And findings; the worst first of both."""
    reports = Report.objects.select_related("reporter").order_by("-severity", "created_at")
    prefetched = cases.prefetch_related(Prefetch("reports", reports), "findings")
    return list(prefetched.select_related("owner", "held_by"))


def shown(cases: Sequence[Case]) -> list[Shown]:
    things = find_all((case.kind, case.key) for case in cases)
    earlier = _standing_against({case.owner_id for case in cases})
    return [
        Shown(
            case=case,
            thing=things.get((case.kind, case.key)),
            reports=list(case.reports.all()),
            holder=case.holder(),
            offers=offers_for(case.kind),
            earlier=earlier.get(case.owner_id, 0),
            findings=list(case.findings.all()),
        )
        for case in cases
    ]


def offers_for(kind: str) -> list[Offer]:
    allowed = ALLOWED[Case.Kind(kind)]
    return [Offer(action, KEYS[action], number) for number, action in enumerate(allowed, start=1)]


def things_of(decisions: Iterable[Decision]) -> list[tuple[Decision, Thing | None]]:
    rows = list(decisions)
    things = find_all((row.case.kind, row.case.key) for row in rows)
    return [(row, things.get((row.case.kind, row.case.key))) for row in rows]


def _standing_against(owners: set[int | None]) -> dict[int | None, int]:
    standing = Decision.objects.filter(case__owner__in=owners - {None}, undone_at=None)
    counted = standing.exclude(actions__in=HARMLESS).values("case__owner").annotate(total=Count("pk"))
    return {row["case__owner"]: row["total"] for row in counted.order_by()}
