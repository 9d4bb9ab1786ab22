"""Forms about people: allauth's, with labels of ours and without placeholders that repeat the label."""

from typing import Any

from allauth.account import forms as account_forms
from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from gallery.models import User


def drop_placeholders(form: forms.Form) -> None:
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)


class SignInForm(account_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        drop_placeholders(self)
        self.fields["login"].label = _("User name or e-mail")
        self.fields["login"].widget.attrs["autocomplete"] = "username"
        self.fields["password"].help_text = ""  # the page links to the reset itself, below the form


class SignUpForm(account_forms.SignupForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        drop_placeholders(self)
        self.fields["username"].label = _("User name")
        self.fields["email"].label = _("E-mail")
        self.fields["email"].help_text = _("Only used to reset your password and to confirm the address.")
        self.fields["password2"].label = _("Password once more")


class ResetRequestForm(account_forms.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        drop_placeholders(self)
        self.fields["email"].label = _("E-mail")


class ResetPasswordForm(account_forms.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        drop_placeholders(self)
        self.fields["password2"].label = _("New password once more")


class ChangePasswordForm(account_forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        drop_placeholders(self)
        self.fields["password2"].label = _("New password once more")


class AddEmailForm(account_forms.AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        drop_placeholders(self)
        self.fields["email"].label = _("New e-mail address")

    def clean_email(self) -> str:
        """One address, one person: as at sign-up, an address that signs somebody else in is refused."""
        email = super().clean_email()
        if User.objects.filter(email__iexact=email).exclude(pk=self.user.pk).exists():
            raise get_adapter().validation_error("email_taken")
        return email


class ReauthenticateForm(account_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        drop_placeholders(self)


class LeaveForm(forms.Form):
    """Asks for what cannot be clicked by mistake."""

    username = forms.CharField(label=_("Your user name, once more"))

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["username"].widget.attrs["autocomplete"] = "off"

    def clean_username(self) -> str:
        if self.cleaned_data["username"] != self.user.get_username():
            raise forms.ValidationError(_("This is not your user name."), code="other")
        return self.cleaned_data["username"]


class ProfileForm(forms.ModelForm):
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    class Meta:
        model = User
        fields = ["display_name", "language", "keep_locations", "keep_searches"]
        labels = {
            "keep_locations": _("Keep where pictures were taken"),
            "keep_searches": _("Keep my recent searches"),
        }
        help_texts = {
            "display_name": _("Stands beside your public pictures. Empty: your user name."),
            "keep_locations": _(
                "Of all your pictures, those that are here too, and shown to you alone. Otherwise it stands "
                "in your original files and nowhere else."
            ),
            "keep_searches": _("The last ones that you asked for, offered to you alone as you type."),
        }
