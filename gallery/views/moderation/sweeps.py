"""Applying a policy to the pictures that are here: a look ahead, the start, the end before its time."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gallery.models import Policy
from gallery.moderation import sweeps
from gallery.views.moderation.guard import moderators_only
from gallery.views.moderation.policies import may_write
from gallery.views.people import signed_in


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@moderators_only
def apply(request: HttpRequest, policy_id: uuid.UUID) -> HttpResponse:
    """What would happen to how many; posted, it begins. 403 without the permission."""
    policy = get_object_or_404(Policy, pk=policy_id)
    if not may_write(request):
        raise PermissionDenied
    if not sweeps.can_apply(policy):
        messages.error(request, _("Only a policy that is in force can be applied to pictures that are here."))
        return redirect("gallery:policy", policy.pk)
    if request.method != "POST":
        context = {"policy": policy, "reach": sweeps.reach(policy)}
        return render(request, "gallery/moderation/policy_apply.html", context)
    try:
        sweeps.start_sweep(policy=policy, by=signed_in(request))
        messages.success(request, _("The policy is being applied, in the background."))
    except sweeps.AlreadyRunning:
        messages.info(request, _("The policy is being applied already."))
    except sweeps.CannotApply:  # changed at this very moment
        messages.error(request, _("The policy was changed meanwhile. Look at it again."))
    return redirect("gallery:policy", policy.pk)


@login_required
@require_POST
@moderators_only
def stop(request: HttpRequest, policy_id: uuid.UUID) -> HttpResponse:
    policy = get_object_or_404(Policy, pk=policy_id)
    if not may_write(request):
        raise PermissionDenied
    sweep = policy.sweeps.running().first()
    if sweep and sweeps.stop_sweep(sweep=sweep, by=signed_in(request)):
        messages.success(request, _("It is stopped. What it has caught stays as it is."))
    else:
        messages.info(request, _("It had ended before."))
    return redirect("gallery:policy", policy.pk)


@login_required
@never_cache
@require_safe
@moderators_only
def progress(request: HttpRequest, policy_id: uuid.UUID) -> HttpResponse:
    """The part of the policy's page that its script refreshes."""
    policy = get_object_or_404(Policy, pk=policy_id)
    context = {"policy": policy, "sweep": policy.sweeps.first(), "may_write": may_write(request)}
    return render(request, "gallery/moderation/_sweep.html", context)
