"""What holds for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A busy machine is no reason to fail: what has to be quick has a test that says how quick.
settings.register_profile("byline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("byline")
