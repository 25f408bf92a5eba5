"""One variable of the environment read as what it has to be; a mistyped one is named, with what it may be."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from wenyue.platform.addresses import Network, parse_networks

_SECRET_CHARS_MAX: Final = 8192
_LIST_MAX: Final = 50
_PREFIX_LENGTH_MAX: Final = 8


class SettingsError(Exception):
    """A setting is missing or mistyped; the message names it and the fix."""


def secret(env: Mapping[str, str], name: str, file_name: str) -> str:
    """A setting that holds a password: itself, or from a file, where `ps`, `docker inspect` and a dump do not show it."""
    value, path = env.get(name, ""), env.get(file_name, "")
    if not path:
        return value
    if value:
        raise SettingsError(f"{name} and {file_name} are both set: keep one of them")
    try:
        lines = Path(path).read_text(encoding="utf-8")[:_SECRET_CHARS_MAX].splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file_name}={path!r} cannot be read: {type(error).__name__}") from error
    if not lines or not lines[0].strip():
        raise SettingsError(f"{file_name}={path!r} is empty: its first line is what counts")
    return lines[0].strip()


def number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    """A whole number from `low` to `high`. Raises SettingsError."""
    raw = env.get(name, "").strip()
    if not raw:
        return default
    if not raw.isdecimal() or not low <= int(raw) <= high:
        raise SettingsError(f"{name}={raw!r} is not a whole number from {low} to {high}")
    return int(raw)


def choice(env: Mapping[str, str], name: str, choices: tuple[str, ...], default: str) -> str:
    """One of `choices`, in lower case. Raises SettingsError."""
    raw = env.get(name, "").strip().lower() or default
    if raw not in choices:
        raise SettingsError(f"{name}={raw!r} is none of {', '.join(choices)}")
    return raw


def listed(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    """What stands between commas, at most 50. Raises SettingsError."""
    found = tuple(part for raw in env.get(name, "").split(",") if (part := raw.strip()))
    if len(found) > _LIST_MAX:
        raise SettingsError(f"{name} has {len(found)} entries, at most {_LIST_MAX} are taken")
    return found


def prefixes(env: Mapping[str, str], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """Country calling codes, perhaps with the first digits of the numbers: '86', '852', '1415'."""
    found = listed(env, name)
    for one in found:
        if not one.isascii() or not one.isdecimal() or len(one) > _PREFIX_LENGTH_MAX:
            raise SettingsError(f"{name}: {one!r} is no country calling code such as 86")
    return tuple(f"+{one}" for one in found) or default


def networks(env: Mapping[str, str], name: str) -> tuple[Network, ...]:
    """Addresses and networks such as 10.0.0.0/8. Raises SettingsError."""
    try:
        return parse_networks(listed(env, name))
    except ValueError as error:
        raise SettingsError(
            f"{name}: {error} is neither an address nor a network such as 10.0.0.0/8"
        ) from None


def flag(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    """Yes or no: 1, true, yes, on, 0, false, no, off. Raises SettingsError."""
    raw = env.get(name, "").strip().lower()
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    if raw:
        raise SettingsError(f"{name}={raw!r} is neither 1 nor 0")
    return default
