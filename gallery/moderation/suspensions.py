"""Whether a person may upload, make pictures or sign in. The one writer of each asks here."""

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from gallery.models import Suspension, User

Scope = Suspension.Scope
CODE = "suspended"


def current_suspension(user: User, scope: Scope) -> Suspension | None:
    """The one that lasts longest."""
    current = list(Suspension.objects.current().filter(person=user, scope=scope).select_related("decision"))
    endless = [suspension for suspension in current if suspension.until is None]
    return endless[0] if endless else max(current, key=lambda suspension: suspension.until, default=None)


def check_not_suspended(*, user: User, scope: Scope) -> None:
    """Raises ValidationError with the code `suspended`, which says until when and why."""
    suspension = current_suspension(user, scope)
    if suspension:
        raise ValidationError(words_for(suspension), code=CODE)


def words_for(suspension: Suspension) -> str:
    words = {
        Scope.UPLOAD: (
            _("You may not upload pictures until %(date)s."),
            _("You may not upload pictures any more."),
        ),
        Scope.GENERATE: (
            _("You may not make pictures until %(date)s."),
            _("You may not make pictures any more."),
        ),
        Scope.SIGN_IN: (_("You may not sign in until %(date)s."), _("You may not sign in any more.")),
    }
    for_a_while, for_good = words[Scope(suspension.scope)]
    said = for_good
    if suspension.until:
        date = date_format(timezone.localtime(suspension.until), "DATE_FORMAT")
        said = for_a_while % {"date": date}
    reason = suspension.decision.reason
    return said + (" " + _("Reason: %(reason)s") % {"reason": reason} if reason else "")


def able_to_sign_in(people: "QuerySet[User]") -> "QuerySet[User]":
    """Those who are active and not suspended from signing in; who is signed in loses that at once."""
    out = Suspension.objects.current().filter(person=OuterRef("pk"), scope=Scope.SIGN_IN)
    return people.filter(~Exists(out), is_active=True)
