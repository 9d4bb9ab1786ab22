"""Two of allauth's pages about passkeys, where it would let go what has to stay."""

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import views
from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _


class RemoveView(views.RemoveWebAuthnView):
    """Allauth asks can_delete_authenticator() about authenticator apps alone."""

    def form_valid(self, form: forms.Form) -> HttpResponse:
        if get_adapter().can_delete_authenticator(self.get_object()):
            return super().form_valid(form)
        text = _("Your role asks for a second factor, and this is your last one. Add another one first.")
        messages.error(self.request, text)
        return redirect(self.success_url)


class ReauthenticateView(views.ReauthenticateWebAuthnView):
    """Says what was wrong where it was, and keeps the way on; allauth leads to the page of signing in."""

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        return self.render_to_response(self.get_context_data())


remove = RemoveView.as_view()
reauthenticate = ReauthenticateView.as_view()
