"""Addresses of leads, reviews and merges under /api/v1/."""

from django.urls import path

from identity import api

urlpatterns = [
    path("leads/", api.Leads.as_view(), name="leads"),
    path("leads/<uuid:lead_id>/", api.OneLead.as_view(), name="lead"),
    path("events/<uuid:event_id>/", api.OneEvent.as_view(), name="event"),
    path("reviews/", api.Reviews.as_view(), name="reviews"),
    path("reviews/<uuid:review_id>/", api.OneReview.as_view(), name="review"),
    path("reviews/<uuid:review_id>/resolve/", api.ResolveReview.as_view(), name="review-resolve"),
    path("merges/", api.Merges.as_view(), name="merges"),
    path("merges/<uuid:merge_id>/undo/", api.UndoMerge.as_view(), name="merge-undo"),
    path("cannot-links/", api.CannotLinks.as_view(), name="cannot-links"),
]
