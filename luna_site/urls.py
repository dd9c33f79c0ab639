"""Every address LUNA answers to."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.views import defaults
from drf_spectacular.views import SpectacularAPIView

from compute.common.api.errors import error_response
from luna_site import api_pages, health
from luna_site.views import home

api_patterns: list[URLPattern | URLResolver] = [
    path("", include("community.api.urls")),
    path("", include("images.api.urls")),
    path("", include("compute.api.urls")),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", api_pages.docs, name="api_docs"),
    path("errors/", api_pages.errors, name="api_errors"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("", include("images.urls")),
    path("", include("community.urls")),
    path("", include("compute.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include(api_patterns)),
    path("schemas/asset-card-1.0.json", api_pages.asset_card_schema, name="asset_card_schema"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
]


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def handler404(request: HttpRequest, exception: Any) -> HttpResponse:
    """JSON under /api/, the page elsewhere."""
    if _is_api(request):
        return error_response(404, "not_found", "There is no such address; see /api/v1/docs/.")
    return defaults.page_not_found(request, exception)


def handler400(request: HttpRequest, exception: Any) -> HttpResponse:
    """JSON under /api/, the page elsewhere."""
    if _is_api(request):
        return error_response(400, "invalid_parameters", "The request is not well formed.")
    return defaults.bad_request(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    """JSON under /api/, the page elsewhere."""
    if _is_api(request):
        return error_response(500, "internal_error", "LUNA failed; the operator's log says why.")
    return defaults.server_error(request)
