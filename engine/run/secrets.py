"""What a school file says of secrets, read from where it says. Next: `run/runner`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.errors import SecretMissing
from engine.secret import Key, Secret, read_secret
from engine.spec.school import KeyGiven, School, SecretRef
from engine.spec.source import ConfigItem, Source


def all_missing(missing: Sequence[SecretMissing]) -> SecretMissing:
    """Return one error of several: who sets secrets wants to know all of them."""
    first, *more = missing
    if not more:
        return first
    what, fix = ("; ".join(dict.fromkeys(getattr(each, word) for each in missing)) for word in ("what", "fix"))
    return SecretMissing(what, why="secrets are read from them", fix=fix)


class Unread(Secret):
    """A secret that is not there: no matter, until somebody needs it."""

    __slots__ = ("_missing",)
    _missing: SecretMissing

    def __init__(self, missing: SecretMissing) -> None:
        super().__init__("")
        object.__setattr__(self, "_missing", missing)

    def reveal(self) -> str:
        raise self._missing

    def __bool__(self) -> bool:
        return True


class Secrets:
    """Reads secrets. With `lenient` one that is not there is missed only when it is needed."""

    def __init__(self, environ: Mapping[str, str], *, lenient: bool = False) -> None:
        self._environ, self._lenient = environ, lenient

    def read(self, ref: SecretRef) -> Secret:
        """Return a secret."""
        return read_secret(ref.model_dump(), self._environ)

    def config(self, source: Source, school: School) -> dict[str, str | Secret | Mapping[str, Key]]:
        """Return every value that a source asks for: the school's, or the default."""
        config: dict[str, str | Secret | Mapping[str, Key]] = {}
        missing: list[SecretMissing] = []
        for name, item in source.config.items():
            value = school.config.get(name, item.default)
            try:
                if isinstance(value, str | int):
                    config[name] = str(value)
                elif isinstance(value, dict):
                    config[name] = {each: self._key(item, given) for each, given in value.items()}
                elif value is not None:
                    config[name] = self._read(value)
            except SecretMissing as error:
                missing.append(error)
        if missing:
            raise all_missing(missing)
        return config

    def _key(self, item: ConfigItem, given: KeyGiven) -> Key:
        further = {
            name: self._read(given.secrets[name]) if name in given.secrets else Secret("") for name in item.secrets
        }
        return Key(self._read(given.key), further)

    def _read(self, ref: SecretRef) -> Secret:
        try:
            return self.read(ref)
        except SecretMissing as missing:
            if not self._lenient:
                raise
            return Unread(missing)
