"""Addresses of the doors."""

from django.urls import path

from capture.views import DoorView, TokenView

app_name = "capture"
urlpatterns = [
    path("<slug:slug>/", DoorView.as_view(), name="door"),
    path("<slug:slug>/token/", TokenView.as_view(), name="token"),
]
