"""Forms of passkeys: allauth's, with labels of ours, names of a fitting length, and errors that name them."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms as webauthn_forms
from cryptography.exceptions import InvalidSignature
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LONGEST_NAME = 60
# What allauth lets through of an answer that no browser would send.
MALFORMED = (LookupError, TypeError, ValueError, InvalidSignature)


def _not_accepted() -> forms.ValidationError:
    return forms.ValidationError(_("The passkey was not accepted. Try once more."), code="incorrect_code")


class AddForm(webauthn_forms.AddWebAuthnForm):
    """A key that cannot be used alone is a second factor all the same."""

    passwordless = forms.BooleanField(
        label=gettext_lazy("Sign in by it alone"),
        required=False,
        initial=True,
        help_text=gettext_lazy(
            "Without user name and password: the device asks for your finger, your face or its PIN. Not every"
            " security key can do that. Otherwise it stands in for the code, after the password."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["name"]
        field.label = _("Name")
        field.help_text = _("By which you know it again, such as “phone”.")
        field.widget.attrs |= {"maxlength": LONGEST_NAME, "autocomplete": "off"}

    def clean_name(self) -> str:
        """Cut, not refused: the device has made the key by now."""
        return super().clean_name()[:LONGEST_NAME]

    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except (forms.ValidationError, *MALFORMED):
            raise _not_accepted() from None


class RenameForm(webauthn_forms.EditWebAuthnForm):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=LONGEST_NAME)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "off"


class CleanCredential:
    """What the browser sends instead of a code. What the limit of tries says stays as it is."""

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except MALFORMED:
            raise _not_accepted() from None
        except forms.ValidationError as error:
            if error.code == "incorrect_code":
                raise _not_accepted() from None
            raise


class AuthenticateForm(CleanCredential, webauthn_forms.AuthenticateWebAuthnForm):
    pass


class SignInForm(CleanCredential, webauthn_forms.LoginWebAuthnForm):
    pass


class ReauthenticateForm(CleanCredential, webauthn_forms.ReauthenticateWebAuthnForm):
    pass
