"""What Django's own rules for passwords leave out."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from gallery.models import User


class MaximumLengthValidator:
    """Hashing takes time by intent: a limit far above what anybody writes (ASVS 2.1.2)."""

    def __init__(self, max_length: int = 128) -> None:
        self.max_length = max_length

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) > self.max_length:
            text = _("This password is too long. It may have at most %(max)d characters.")
            raise ValidationError(text % {"max": self.max_length}, code="password_too_long")

    def get_help_text(self) -> str:
        return _("Your password may have at most %(max)d characters.") % {"max": self.max_length}
