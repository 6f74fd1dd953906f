"""Who may ask for what is not public: staff with their token, and whoever runs the platform."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from api.dependencies import context
from soramichi.errors import NotAllowed

# A request with one of these came through a proxy, whose own address says nothing of the client.
_FORWARDING = ("forwarded", "via", "cf-connecting-ip", "true-client-ip")
_FORWARDING_FAMILIES = ("x-forwarded", "x-real-", "x-client-", "x-cluster-", "x-original-")
_HERE = {"localhost", "127.0.0.1", "::1"}


def _is_direct_from_this_host(request: Request) -> bool:
    """Whether the client itself runs on this host, with no proxy between.

    A proxy that sets none of the known headers shows itself by the name that its client
    asked for, or by HTTP/1.0, which nginx speaks unless told otherwise.
    """
    client = request.client.host if request.client else ""
    try:
        loopback = ip_address(client).is_loopback
    except ValueError:  # a socket of the file system, or no address at all
        return False
    return (
        loopback
        and request.scope.get("http_version") != "1.0"
        and (request.url.hostname or "").lower() in _HERE
        and not any(
            name in _FORWARDING or name.startswith(_FORWARDING_FAMILIES) for name in request.headers
        )
    )


def monitor(request: Request) -> None:
    """Let those pass who run the platform: on this host itself, or with the staff token.

    Raises `NotAllowed`.
    """
    if not _is_direct_from_this_host(request):
        staff(request)


def staff(request: Request) -> None:
    """Let only those pass who show the staff token; without one configured, nobody.

    Raises `NotAllowed`. The token comes as `Authorization: Bearer …`.
    """
    expected = context(request).settings.staff_token()
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    if (
        expected is None
        or scheme.lower() != "bearer"
        or not hmac.compare_digest(shown.strip().encode(), expected.encode())
    ):
        raise NotAllowed(
            "this is for staff: send the token of SORAMICHI_API_STAFF_TOKEN_FILE",
            ja="係員専用です。SORAMICHI_API_STAFF_TOKEN_FILE のトークンを送ってください",
        )


# For endpoints that are for staff only; the first part is how OpenAPI says so.
FOR_STAFF = [
    Depends(
        HTTPBearer(auto_error=False, description="the token of SORAMICHI_API_STAFF_TOKEN_FILE")
    ),
    Depends(staff),
]
