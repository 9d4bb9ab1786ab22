from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db import models
from django.utils.translation import gettext_lazy as _

MODERATE = "gallery.moderate"


class User(AbstractUser):
    """A person who signs in. Moderators see and decide about everyone's pictures; `is_staff` people may open
    the administration, which is another matter (see moderation/roles.py)."""

    display_name = models.CharField(_("name shown to others"), max_length=80, blank=True)
    quota_megabytes = models.PositiveIntegerField(
        _("room in megabytes"), null=True, blank=True, help_text=_("Empty: as the site has it. 0: no limit.")
    )
    keep_locations = models.BooleanField(_("keep where pictures were taken"), default=False)
    keep_searches = models.BooleanField(_("keep recent searches"), default=True)
    comparing_until = models.DateTimeField(_("near-duplicates are looked for until"), null=True, blank=True)
    # Has asked to be deleted, and can no longer sign in; the queue removes the rest.
    leaving_at = models.DateTimeField(_("wants to be deleted since"), null=True, blank=True, editable=False)
    language = models.CharField(_("language"), max_length=8, blank=True)

    class Meta(AbstractUser.Meta):
        permissions = [("moderate", _("Can see and decide about everybody's pictures"))]

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def is_moderator(self) -> bool:
        return is_moderator(self)


def is_moderator(user: User | AnonymousUser) -> bool:
    """The one answer to who moderates: active people with the permission, which the groups of moderators and
    admins have. It is asked of the database once a request."""
    return user.is_active and user.has_perm(MODERATE)
