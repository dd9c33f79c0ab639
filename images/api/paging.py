"""The parameters every list takes, for the OpenAPI document."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from compute.common.api.pagination import PAGE_SIZE, PAGE_SIZE_MOST

PAGE_PARAMETERS = [
    OpenApiParameter("limit", OpenApiTypes.INT, description=f"1 to {PAGE_SIZE_MOST}, {PAGE_SIZE} when absent."),
    OpenApiParameter("cursor", OpenApiTypes.STR, description="From `next` or `previous` of another page."),
]
