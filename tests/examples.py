"""How many worlds, files or texts a property is tried on."""

from hypothesis import HealthCheck, settings

TIMES_DEEP = 50


def examples(n, **given):
    """So many, and fifty times as many where the profile is `deep`."""
    is_deep = settings.get_current_profile_name() == "deep"
    return settings(
        max_examples=n * TIMES_DEEP if is_deep else n,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        **given,
    )
