"""Prompts are held against the policies before anything is made from them: their words against the list of
each, and what they mean against its descriptions. It is asked by what puts pictures in the queue."""

import functools
import re
import unicodedata
from collections.abc import Sequence
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from gallery import encoder_client
from gallery.models import AuditEntry, Policy, User
from gallery.moderation import audit

REFUSED, UNCHECKED = "prompt", "unchecked"
LOGGED_CHARACTERS = 200
TOLD_ONCE_IN = timedelta(days=1)  # the same prompt, refused again: the log is for people to read


class PromptRefused(ValidationError):
    """A policy lets nothing be made from this text. Its message is the reason."""

    def __init__(self, reason: str, *, policy: Policy, text: str) -> None:
        super().__init__(reason, code=REFUSED)
        self.policy, self.text = policy, text


def check_prompts(texts: Sequence[str]) -> None:
    """texts: what pictures shall show, each by itself.

    Raises PromptRefused, or ValidationError with the code UNCHECKED while the model that compares is away.
    """
    active = list(Policy.objects.filter(is_active=True))
    for policy in active:
        for text in texts:
            if found := _forbidden(policy, text):
                reason = _("Nothing is made from “%(word)s” here, by the rule “%(policy)s”.")
                words = {"word": found, "policy": policy.name}
                raise PromptRefused(reason % words, policy=policy, text=text)
    compared = [policy for policy in active if policy.prompt_threshold is not None]
    if compared and texts:
        _compare(compared, list(dict.fromkeys(texts)))


def note_refusal(refused: PromptRefused, *, owner: User) -> None:
    """In the audit log, under the policy: who asked, for what, and why not. To be called outside the
    transaction that the refusal rolls back; the same within a day is noted once."""
    key, text = str(refused.policy.pk), refused.text[:LOGGED_CHARACTERS]
    action, kind = AuditEntry.Action.REFUSE, AuditEntry.Kind.SETTING
    reason = f"{refused.policy.name}: “{text}”"
    lately = AuditEntry.objects.filter(at__gt=timezone.now() - TOLD_ONCE_IN, actor=owner)
    if not lately.filter(action=action, kind=kind, key=key, kept_reason__text=reason).exists():
        audit.record(actor=owner, action=action, kind=kind, key=key, reason=reason)


@functools.lru_cache(maxsize=4096)
def pattern(line: str) -> re.Pattern[str] | None:
    """What finds a line of a policy's words in a text that went through _plain(); None if it has no letters
    or digits. Between its words anything may stand that is neither."""
    has_more = line.rstrip().endswith("*")
    words = re.findall(r"\w+", _plain(line))
    if not words:
        return None
    end = r"\w*" if has_more else r"(?!\w)"
    return re.compile(r"(?<!\w)" + r"[\W_]+".join(map(re.escape, words)) + end)


def _forbidden(policy: Policy, text: str) -> str | None:
    """What it has of the policy's words, as it stands there without capitals."""
    plain = _plain(text)
    for looked_for in filter(None, map(pattern, policy.words.splitlines())):
        if found := looked_for.search(plain):
            return found[0]
    return None


def _plain(text: str) -> str:
    """Without capitals, letters that only look otherwise (fullwidth, mathematical …), and signs that are not
    seen, which would part a word."""
    composed = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in composed if unicodedata.category(sign) != "Cf")


def _compare(compared: list[Policy], texts: list[str]) -> None:
    try:
        encoded = encoder_client.encode_texts(texts)
    except encoder_client.EncoderRefused as error:
        raise ValidationError(_("The model cannot read this."), code="invalid") from error
    except (encoder_client.EncoderUnavailable, encoder_client.EncoderFailed) as error:
        away = _("Prompts are checked here, and what checks them is not ready. Try again in a minute.")
        raise ValidationError(away, code=UNCHECKED) from error
    for policy in compared:
        if policy.model_id != encoded.model_id:
            continue  # idle, as its page says
        scores = policy.prompt_scores(encoded.vectors)
        row = int(scores.argmax())
        if policy.prompt_threshold is not None and scores[row] >= policy.prompt_threshold:
            reason = _("“%(text)s” means something that nothing is made from here, by the rule “%(policy)s”.")
            words = {"text": texts[row], "policy": policy.name}
            raise PromptRefused(reason % words, policy=policy, text=texts[row])
