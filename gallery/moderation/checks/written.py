"""The policies that admins have written, held against a picture's vector."""

from django.utils.translation import gettext_noop

from gallery.models import Policy
from gallery.moderation import policies
from gallery.moderation.checks.verdicts import Prepared, Result, Verdict, strictest

POLICY = "policy"


class PolicyCheck:
    """The strictest of the policies that a picture falls under."""

    def is_active(self) -> bool:
        return any(
            policies.is_current(policy) for policy in Policy.objects.filter(is_active=True).exclude(texts="")
        )

    def check(self, prepared: Prepared) -> Verdict | None:
        found = []
        for policy in policies.active_for(prepared.model_id):
            score = float(policy.scores(prepared.vector[None])[0])
            if score >= policy.threshold:
                found.append(verdict_on(policy, score, Result(policy.result)))
        return strictest(found) if found else None


def verdict_on(policy: Policy, score: float, result: Result) -> Verdict:
    return Verdict(
        check=POLICY,
        result=result,
        reason=gettext_noop("It looks like something that has its own rule here: %(policy)s."),
        params={"policy": policy.name, "score": round(score, 2), "threshold": policy.threshold},
    )
