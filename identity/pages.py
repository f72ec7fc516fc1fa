"""What a person can do with leads in the admin: ask first, let the service do it, show what it said."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from identity import services
from identity.models import Lead, Merge, MergeReview
from identity.wording import REASONS, sentences
from leadhub.kernel import clock, wake
from leadhub.kernel.pages import Question, Reason, answered, ask, form_of

CHANGE = "identity.change_lead"


def lead_page(lead_id: UUID) -> str:
    """Give the address of a lead's page."""
    return reverse("admin:identity_lead_change", args=[lead_id])


def must_change_leads(request: HttpRequest) -> None:
    """Refuse whoever may not change leads."""
    if not request.user.has_perm(CHANGE):
        raise PermissionDenied


def carry_out(request: HttpRequest, order: Callable[..., Any], *, done: str) -> bool:
    """Run a service as this person; show what it did or why it refused."""
    try:
        order(by=request.user.get_username(), now=clock.now())
    except services.Refused as refusal:
        messages.error(request, str(refusal))
        return False
    wake.pipeline()
    messages.success(request, done)
    return True


def undo_merge(page: ModelAdmin, request: HttpRequest, merge_id: UUID) -> HttpResponse:
    """Ask, then undo a merge."""
    must_change_leads(request)
    merge = get_object_or_404(Merge.objects.select_related("survivor", "absorbed"), pk=merge_id)
    form = form_of(request, Reason)
    if answered(request) and form.is_valid():
        order = partial(services.unmerge, merge_id=merge.pk, because=form.cleaned_data["because"])
        carry_out(request, order, done="The merge is undone. Both leads stand as if never joined, and stay apart.")
        return HttpResponseRedirect(lead_page(merge.absorbed_id))
    question = Question(
        title=f"Undo the merge of {merge.absorbed} into {merge.survivor}?",
        says=(
            "Both leads get back the values they would have had, and stay apart from now on.",
            "What came in since is decided again. The CRM gets a new record for the lead that returns.",
        ),
        about=[*sentences(merge.because), f"Merged by {merge.by} on {merge.merged_at:%Y-%m-%d %H:%M} UTC."],
        button="Undo the merge",
        danger=True,
    )
    return ask(request, page, question, form)


def settle(page: ModelAdmin, request: HttpRequest, review_id: UUID, *, same: bool) -> HttpResponse:
    """Ask, then settle a review."""
    must_change_leads(request)
    review = get_object_or_404(MergeReview.objects.select_related("left", "right"), pk=review_id)
    form = form_of(request, Reason)
    if answered(request) and form.is_valid():
        order = partial(services.settle_review, review_id=review.pk, same=same, because=form.cleaned_data["because"])
        carry_out(request, order, done="Merged. It can be undone." if same else "They stay apart, whatever comes in.")
        return HttpResponseRedirect(reverse("admin:identity_mergereview_changelist") + "?state__exact=open")
    return ask(request, page, _same(review) if same else _different(review), form)


def _same(review: MergeReview) -> Question:
    return Question(
        title=f"Merge {review.left} and {review.right}?",
        says=("The older lead stays; the other id leads on to it. It can be undone at any time.",),
        about=[REASONS.get(review.reason, review.reason), *sentences(review.because)],
        button="Same person: merge",
    )


def _different(review: MergeReview) -> Question:
    return Question(
        title=f"Keep {review.left} and {review.right} apart?",
        says=("No shared phone number, address or score will join them again.",),
        about=[REASONS.get(review.reason, review.reason), *sentences(review.because)],
        button="Not the same person",
    )


class Stays(Reason):
    """Which of two leads stays, and why they are one."""

    keep = forms.ChoiceField(label="Which one stays", widget=UnfoldAdminRadioSelectWidget)
    field_order = ("keep", "because")

    def __init__(self, *args: Any, pair: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["keep"]
        choice.choices = list(pair.items())  # type: ignore[attr-defined]
        choice.initial = next(iter(pair))


def merge_two(page: ModelAdmin, request: HttpRequest, leads: list[Lead]) -> HttpResponse | None:
    """Ask which one stays, then merge two chosen leads."""
    must_change_leads(request)
    if len(leads) != 2:
        messages.warning(request, "Choose exactly two leads: the one that stays and the one that becomes part of it.")
        return None
    pair = {str(lead.pk): f"{lead} ({lead.email or 'no e-mail'}, {lead.phone or 'no phone'})" for lead in leads}
    form = Stays(request.POST, pair=pair) if answered(request) else Stays(pair=pair)
    if answered(request) and form.is_valid():
        keep = UUID(form.cleaned_data["keep"])
        (absorb,) = {lead.pk for lead in leads} - {keep}
        order = partial(services.merge, keep=keep, absorb=absorb, because=form.cleaned_data["because"])
        carry_out(request, order, done="Merged. It can be undone from the lead's page.")
        return HttpResponseRedirect(lead_page(keep))
    hidden = [("action", "merge_chosen"), *(("_selected_action", pk) for pk in pair)]
    question = Question(
        title="Are these two the same person?",
        says=("One lead stays; the other's id leads on to it. It can be undone at any time.",),
        hidden=hidden,
        button="Merge",
    )
    return ask(request, page, question, form)


class Correction(Reason):
    """The values of a lead, to be corrected."""

    because = None  # type: ignore[assignment]  # the edit itself is the record

    def __init__(self, *args: Any, lead: Lead, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in Lead.FIELDS:
            column = Lead._meta.get_field(name)
            self.fields[name] = forms.CharField(
                label=name.replace("_", " "),
                required=False,
                max_length=getattr(column, "max_length", None),
                widget=UnfoldAdminTextInputWidget(),
                initial=getattr(lead, name),
            )


def correct(page: ModelAdmin, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Show the values of a lead, and send what a person changed as an edit: a signal like any other."""
    must_change_leads(request)
    lead = get_object_or_404(Lead, pk=lead_id)
    form = Correction(request.POST, lead=lead) if answered(request) else Correction(lead=lead)
    if answered(request) and form.is_valid():
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        if changes:
            order = partial(services.edit, lead_id=lead.pk, changes=changes)
            carry_out(request, order, done="Stored. The lead shows it within moments.")
        else:
            messages.info(request, "Nothing was changed.")
        return HttpResponseRedirect(lead_page(lead.pk))
    question = Question(
        title=f"Correct {lead}",
        says=("What you change is kept as said by you, now. Later signals of the person may change it again.",),
        button="Store the correction",
    )
    return ask(request, page, question, form)
