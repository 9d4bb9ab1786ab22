"""The policies that people with permission write, and what each would catch among the public pictures."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from gallery import encoder_client
from gallery.models import Policy
from gallery.moderation import policies, sweeps
from gallery.moderation.policy_form import PolicyForm
from gallery.views.moderation.guard import moderators_only
from gallery.views.people import signed_in

WRITE = "gallery.change_policy"  # admins have it; others can be given it
AWAY = (encoder_client.EncoderUnavailable, encoder_client.EncoderFailed, policies.NotMeasured)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@moderators_only
def policy_list(request: HttpRequest) -> HttpResponse:
    """All of them; posted, a new one. 400 for what cannot be, 403 without the permission, 503 without the
    model."""
    form = PolicyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        saved, status = _save(request, form)
        if saved:
            return redirect("gallery:policy", saved.pk)
    else:
        status = 200
    rows = [(policy, policies.is_current(policy)) for policy in Policy.objects.all()]
    context = {"policies": rows, "form": form, "may_write": may_write(request)}
    return render(request, "gallery/moderation/policies.html", context, status=status)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@moderators_only
def policy_page(request: HttpRequest, policy_id: uuid.UUID) -> HttpResponse:
    """One of them with its cut; posted, changed. Statuses as policy_list()."""
    policy = get_object_or_404(Policy, pk=policy_id)
    edited = get_object_or_404(Policy, pk=policy_id)  # a form writes what was typed into its own
    form = PolicyForm(request.POST if request.method == "POST" else None, instance=edited)
    status = 200
    if request.method == "POST":
        saved, status = _save(request, form, policy)
        if saved:
            return redirect("gallery:policy", saved.pk)
    is_current = policies.is_current(policy)
    context = {
        "policy": policy,
        "is_current": is_current,
        "can_apply": sweeps.can_apply(policy),
        "sweep": policy.sweeps.first(),
        "preview": policies.preview(policy) if is_current and policy.texts else None,
        "form": form,
        "may_write": may_write(request),
    }
    return render(request, "gallery/moderation/policy.html", context, status=status)


@login_required
@require_POST
@moderators_only
def delete(request: HttpRequest, policy_id: uuid.UUID) -> HttpResponse:
    if not may_write(request):
        raise PermissionDenied
    try:
        policies.delete_policy(policy_id=policy_id, by=signed_in(request))
    except Policy.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("The policy is deleted. What it has caught stays as it is."))
    return redirect("gallery:policies")


def _save(request: HttpRequest, form: PolicyForm, policy: Policy | None = None) -> tuple[Policy | None, int]:
    """The policy, or None and the status of a page that says why not."""
    if not may_write(request):
        raise PermissionDenied
    if not form.is_valid():
        return None, 400
    try:
        saved = policies.save_policy(by=signed_in(request), fields=form.cleaned_data, policy=policy)
    except Policy.DoesNotExist:
        raise Http404 from None
    except AWAY:
        form.add_error(None, _("The model is not ready. Nothing was saved; try again in a minute."))
        return None, 503
    except encoder_client.EncoderRefused:
        form.add_error("texts", _("The model cannot read this."))
        return None, 400
    messages.success(
        request, _("The policy is saved. It applies to pictures that come in, and to prompts, from now on.")
    )
    return saved, 302


def may_write(request: HttpRequest) -> bool:
    return signed_in(request).has_perm(WRITE)
