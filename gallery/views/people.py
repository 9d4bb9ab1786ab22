"""Who is asking."""

from typing import cast

from django.http import HttpRequest

from gallery.models import User


def signed_in(request: HttpRequest) -> User:
    """The person behind a request of a view with @login_required."""
    return cast(User, request.user)
