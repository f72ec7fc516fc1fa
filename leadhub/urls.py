"""All addresses."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from capture.api import Events
from crm_sync.api import LeadLineage, LeadTimeline
from identity.urls import urlpatterns as identity
from leadhub import health
from routing.api import LeadDecisions

v1 = [
    *identity,
    path("events/", Events.as_view(), name="events"),
    path("leads/<uuid:lead_id>/timeline/", LeadTimeline.as_view(), name="lead-timeline"),
    path("leads/<uuid:lead_id>/lineage/", LeadLineage.as_view(), name="lead-lineage"),
    path("leads/<uuid:lead_id>/decisions/", LeadDecisions.as_view(), name="lead-decisions"),
]

urlpatterns = [
    path("in/", include("capture.urls")),  # first: the door is asked most
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("admin/", admin.site.urls),
    path("api/v1/", include((v1, "api"))),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
]

handler400 = "leadhub.kernel.problems.bad_request"
handler403 = "leadhub.kernel.problems.forbidden"
handler404 = "leadhub.kernel.problems.not_found"
handler500 = "leadhub.kernel.problems.server_error"
