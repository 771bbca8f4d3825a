"""Asking a person whether scores that a gate holds back go out."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from notices import tell

APPROVE, REJECT = "Approve", "Reject"
ANSWER = {"reason": Param("", type="string", maxLength=500, title="Why")}


class AskAPerson(HITLOperator):
    """Waits for a person where the day is held back; where it is not, there is nothing to ask.

    How long it waits, and what happens if nobody answers, are settings, read when it runs.

    Args:
        question: what `check` returned: None, or subject and body of the question.
        **kwargs: as every operator takes them; `params` are what is asked for beside the answer.
    """

    template_fields = ("question",)

    def __init__(self, *, question: Any, **kwargs: Any) -> None:
        """The question comes from the task before; the settings replace what stands here."""
        super().__init__(
            subject="Publish these scores?",
            options=[APPROVE, REJECT],
            defaults=REJECT,
            response_timeout=timedelta(hours=4),
            **kwargs,
        )
        self.question = question

    def execute(self, context: Any) -> Any:
        """Ask, tell whoever is to be told, and wait; nothing held back, nothing asked."""
        if not self.question:
            return None
        from pipeline.settings import get_settings

        settings = get_settings()
        self.subject, self.body = self.question["subject"], self.question["body"]
        self.defaults = [APPROVE if settings.approval_default == "approve" else REJECT]
        self.response_timeout = timedelta(hours=settings.approval_hours)
        link = self.generate_link_to_ui_from_context(context=context, base_url=settings.airflow_url)
        tell(
            f"Sector Risk: {self.subject}",
            f"{self.body}\n\nAnswer within "
            f"{settings.approval_hours:g} h, else: {self.defaults[0]}. {link}",
        )
        return super().execute(context)


def decision_in(answer: Mapping[str, Any]) -> Any:
    """The answer as the pipeline records it; without a user, the clock has answered."""
    from pipeline.publication import Decision
    from pipeline.settings import get_settings

    user = answer["responded_by_user"]
    hours = get_settings().approval_hours
    return Decision(
        is_approved=answer["chosen_options"] == [APPROVE],
        decided_by=user["name"] if user else "nobody",
        decided_at=answer["responded_at"].replace(tzinfo=None),
        reason=answer["params_input"].get("reason", "")
        if user
        else f"no answer within {hours:g} h",
    )
