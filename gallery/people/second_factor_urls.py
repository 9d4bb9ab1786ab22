"""Addresses of the second factor: allauth's, but for what this site does in its own way about passkeys."""

from allauth.mfa.webauthn import views as webauthn
from django.urls import URLPattern, URLResolver, include, path

from gallery.people import passkey_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("allauth.mfa.base.urls")),
    path("totp/", include("allauth.mfa.totp.urls")),
    path("recovery-codes/", include("allauth.mfa.recovery_codes.urls")),
    path("passkeys/", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("passkeys/add/", webauthn.add_webauthn, name="mfa_add_webauthn"),
    path("passkeys/sign-in/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("passkeys/reauthenticate/", passkey_views.reauthenticate, name="mfa_reauthenticate_webauthn"),
    path("passkeys/<int:pk>/rename/", webauthn.edit_webauthn, name="mfa_edit_webauthn"),
    path("passkeys/<int:pk>/remove/", passkey_views.remove, name="mfa_remove_webauthn"),
]
