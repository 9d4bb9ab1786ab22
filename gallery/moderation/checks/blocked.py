"""Files that moderators have blocked, and pictures that look like the blocked ones."""

from django.utils.translation import gettext_noop

from gallery import prints
from gallery.models import BlockedFile
from gallery.moderation import blocking
from gallery.moderation.checks.verdicts import Arrival, Result, Verdict

FILE, PRINT = "blocked file", "blocked picture"


def check_file(arrival: Arrival) -> Verdict | None:
    if not BlockedFile.objects.filter(pk=arrival.sha256).exists():
        return None
    reason = gettext_noop("Moderators have blocked this picture: nobody may add it here.")
    return Verdict(check=FILE, result=Result.REFUSE, reason=reason, severity=3)


def check_print(arrival: Arrival) -> Verdict | None:
    """Turned, mirrored, scaled or changed a little it is still the same picture."""
    if arrival.ways is None:
        return None
    rows = list(BlockedFile.objects.exclude(prints=None).values_list("pk", "prints"))
    if not rows:
        return None
    apart = prints.apart(prints.from_kept([row[1] for row in rows]), arrival.ways)  # (B,)
    nearest = int(apart.argmin())
    wish = blocking.current()
    if apart[nearest] > wish.distance:
        return None
    return Verdict(
        check=PRINT,
        result=Result(wish.result),
        reason=gettext_noop("It looks like a picture that moderators have blocked."),
        params={"blocked": rows[nearest][0], "distance": int(apart[nearest])},
        severity=3,
    )
