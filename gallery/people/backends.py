"""Who is signed in: allauth's backend, but not for people who are suspended from signing in."""

from allauth.account.auth_backends import AuthenticationBackend

from gallery.models import User
from gallery.moderation.suspensions import able_to_sign_in


class AccountBackend(AuthenticationBackend):
    def get_user(self, user_id: int) -> User | None:
        """Asked by every request: a suspension ends the sessions that there are. That a password was right
        is not denied; the adapter tells such people why they do not get in."""
        return able_to_sign_in(User.objects.filter(pk=user_id)).first()
