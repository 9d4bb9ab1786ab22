"""Signing in with a second factor: the codes of an authenticator app, passkeys, recovery codes, by allauth.

With STAFF_TWO_FACTOR, moderators and admins reach nothing but the pages that set it up until they have one.
"""

import base64

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.crypto import salted_hmac
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from gallery.models import AuditEntry, User
from gallery.models.people import is_moderator
from gallery.moderation import audit

# What people who have to set it up may open: what does so, and what they read, change and leave by.
OPEN_NAMES = {"set_language", "shortcuts", "health", "health_live", "gallery:sessions"}
OPEN_PREFIXES = ("account_", "mfa_")


def second_factors(user: User) -> QuerySet[Authenticator]:
    """Recovery codes alone are none."""
    types = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return Authenticator.objects.filter(user=user, type__in=types)


def has_second_factor(user: User) -> bool:
    return second_factors(user).exists()


def must_have_second_factor(user: User | AnonymousUser) -> bool:
    return settings.STAFF_TWO_FACTOR and user.is_authenticated and (user.is_staff or is_moderator(user))


def lacks_second_factor(user: User | AnonymousUser) -> bool:
    """Whether the person has to set it up before anything else."""
    return must_have_second_factor(user) and not has_second_factor(user)  # type: ignore[arg-type]


@transaction.atomic
def remove_second_factor(*, user: User, by: User | None) -> bool:
    """For people who have lost their device and their codes: from now on the password alone signs them in.
    It is in the audit log. False if there was none."""
    deleted, _each = Authenticator.objects.filter(user=user).delete()
    if deleted:
        audit.record(
            actor=by,
            action=AuditEntry.Action.RIGHTS,
            kind=AuditEntry.Kind.PERSON,
            key=user.pk,
            before={"second_factor": True},
            after={"second_factor": False},
        )
    return bool(deleted)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Where allauth's second factor meets this site."""

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Who has to have one may go from one to another, but not without."""
        others = second_factors(authenticator.user).exclude(pk=authenticator.pk)
        return not must_have_second_factor(authenticator.user) or others.exists()

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        """What the field says before somebody writes a name."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Passkey %(number)d") % {"number": number}

    def encrypt(self, text: str) -> str:
        """Who reads the database, or a copy of it, cannot make codes of what stands there."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises ValidationError where the key has changed: no code can be checked any more."""
        try:
            return _cipher().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            text = _("The key of this site has changed. An administrator can remove your second factor.")
            raise ValidationError(text, code="key_changed") from None


def _cipher() -> MultiFernet:
    """Encrypts by SECRET_KEY, and reads what was encrypted by one of SECRET_KEY_FALLBACKS."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    keys = [
        salted_hmac("clipweb.second_factor", "", secret, algorithm="sha256").digest() for secret in secrets
    ]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])


class StaffSecondFactorMiddleware(MiddlewareMixin):
    """Leads moderators and admins who have to have a second factor to the page that sets it up. Sockets ask
    lacks_second_factor() themselves."""

    def process_view(self, request: HttpRequest, *args: object) -> HttpResponseBase | None:
        if not settings.STAFF_TWO_FACTOR or _is_open(request) or not lacks_second_factor(request.user):
            return None
        return redirect("mfa_activate_totp")


def _is_open(request: HttpRequest) -> bool:
    match = request.resolver_match
    name = match.view_name if match and match.view_name else ""
    return name in OPEN_NAMES or name.startswith(OPEN_PREFIXES)
