"""Where allauth's account flows meet our User."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from gallery.models import User
from gallery.moderation.passes import pass_for
from gallery.moderation.suspensions import Scope, current_suspension

logger = logging.getLogger(__name__)


def remember_language(response: HttpResponseBase, language: str) -> None:
    """Set the cookie by which LocaleMiddleware knows the reader's language."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


class AccountAdapter(DefaultAccountAdapter):
    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """A new person keeps the language that the sign-up page was read in."""
        user.language = get_language() or settings.LANGUAGE_CODE
        return super().save_user(request, user, form, commit=commit)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """By the words that stand elsewhere here for what people have."""
        words = {"mfa_reauthenticate:webauthn": _("Use a passkey")}
        methods = super().get_reauthentication_methods(user)
        return [
            method | {"description": words.get(method["id"], method["description"])} for method in methods
        ]

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponseBase | None:
        """The password was right; who is suspended from signing in reads why, and may appeal."""
        if current_suspension(user, Scope.SIGN_IN):
            return redirect("gallery:suspended", pass_for(user))
        return super().pre_login(request, user, **kwargs)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Without the name, which may be a password that was written into the wrong field."""
        super().authentication_failed(request, **credentials)
        logger.warning("A sign-in from %s failed", request.META.get("REMOTE_ADDR"))

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponseBase:
        """On whatever machine they sign in, people get the language they chose."""
        response = super().post_login(request, user, **kwargs)
        logger.info("Person %d signed in from %s", user.pk, request.META.get("REMOTE_ADDR"))
        if user.language:
            remember_language(response, user.language)
        return response
