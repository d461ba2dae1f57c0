"""Who may keep an answer."""


def cache_headers(*, is_private: bool) -> dict[str, str]:
    """Public reads may be kept when they are asked for again each time; what was read with a key is kept by nobody."""
    return {"Cache-Control": "no-store" if is_private else "no-cache"}
