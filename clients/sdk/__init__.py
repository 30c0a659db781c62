"""The Python SDK: typed stubs with deadlines, tokens, traces, safe retries and typed errors."""

from clients.sdk.client import Halcyon
from clients.sdk.errors import (
    AlreadyExists,
    DeadlineExceeded,
    FailedPrecondition,
    HalcyonError,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unauthenticated,
    Unavailable,
    Violation,
)

__all__ = [
    "AlreadyExists",
    "DeadlineExceeded",
    "FailedPrecondition",
    "Halcyon",
    "HalcyonError",
    "InvalidArgument",
    "NotFound",
    "PermissionDenied",
    "Unauthenticated",
    "Unavailable",
    "Violation",
]
