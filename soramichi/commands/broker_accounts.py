"""The accounts at a production broker: who may connect, and as whom.

One folder is the source for both brokers. `deploy/accounts` holds what a broker
reads: names, hashes and rights, no password. `deploy/secrets`, closed to other
users of the host, holds the passwords themselves, one file each.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import bcrypt

from soramichi.domain.wire import IDENTIFIER
from soramichi.embedded.nats import PLATFORM, permissions
from soramichi.errors import BadInput, NotFound, Unavailable

# Passwords are 192 random bits, which no hash needs to protect from guessing; a low cost keeps
# a thousand bridges that reconnect at once from occupying the broker.
_BCRYPT_ROUNDS = 5
_MOSQUITTO_ITERATIONS = 101  # mosquitto_passwd's own
# What compose.yaml needs besides the platform's account.
_OTHER_SECRETS = ("database", "replication", "staff-token")
# Topic words below soramichi/v1 that an operator's name must not shadow.
_RESERVED = {PLATFORM, "live", "heartbeat"}


class Accounts:
    """The accounts kept below `project`, the folder of compose.yaml."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self._accounts = project / "deploy" / "accounts"
        self._secrets = project / "deploy" / "secrets"
        self._users = self._read()

    @property
    def operators(self) -> list[str]:
        """Operators with an account, in alphabetical order; [] when there is none."""
        return sorted(name for name in self._users if name != PLATFORM)

    def password_file(self, user: str) -> Path:
        """Where a user's password is, to be handed over by a safe way."""
        return self._secrets / f"broker-{user}"

    def prepare(self) -> None:
        """Make the platform's account and every secret of compose.yaml that is missing."""
        if not self._project.joinpath("compose.yaml").exists():
            raise BadInput(f"{self._project} holds no compose.yaml; name its folder with --project")
        self._secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._accounts.mkdir(parents=True, exist_ok=True)
        for name in _OTHER_SECRETS:
            if not (self._secrets / name).exists():
                _write(self._secrets / name, _password())
        environment = self._project / ".env"
        if not environment.exists():
            # Whoever connects under a session's name takes it over, so the name is a secret too.
            _write(
                environment,
                f"COMPOSE_PROFILES=single\nSESSION_KEY={secrets.token_hex(16)}\n",
                mode=0o600,
            )
        if PLATFORM not in self._users:
            self._put(PLATFORM)

    def add(self, operator: str) -> Path:
        """Give an operator an account; the answer is the file with its password.

        Raises `BadInput` for a name the topics cannot carry, or one in use.
        """
        if not IDENTIFIER.fullmatch(operator) or operator in _RESERVED:
            raise BadInput(
                f"{operator!r} cannot be an operator's name: use {IDENTIFIER.pattern}, "
                f"and none of {', '.join(sorted(_RESERVED))}"
            )
        if operator in self._users:
            raise BadInput(f"{operator} has an account already; remove it first for a new password")
        self.prepare()
        return self._put(operator)

    def share_with_simulators(self, operators: Sequence[str]) -> None:
        """Give these operators accounts where they have none, and the simulators their passwords.

        An operator whose password was handed over and deleted here is left out.
        """
        for operator in operators:
            if operator not in self._users:
                self.add(operator)
        known = {name: self.password_file(name) for name in operators}
        shared = {name: file.read_text() for name, file in known.items() if file.exists()}
        _write(self._secrets / "simulators", json.dumps(shared))

    def remove(self, operator: str) -> None:
        """Take an operator's account away. Raises `NotFound` when there is none."""
        if operator not in self.operators:
            raise NotFound(f"{operator} has no account; see `soramichi operators list`")
        del self._users[operator]
        self._save()
        self.password_file(operator).unlink(missing_ok=True)

    def _put(self, user: str) -> Path:
        password = _password()
        self._users[user] = {
            "nats": bcrypt.hashpw(password.encode(), bcrypt.gensalt(_BCRYPT_ROUNDS)).decode(),
            "mosquitto": _mosquitto_hash(password),
        }
        _write(self.password_file(user), password)
        self._save()
        return self.password_file(user)

    def _save(self) -> None:
        users = [
            {"user": user, "password": hashes["nats"], "permissions": permissions(user)}
            for user, hashes in sorted(self._users.items())
        ]
        _write(self._accounts / "nats.json", json.dumps({"users": users}, indent=2) + "\n")
        lines = [f"{user}:{hashes['mosquitto']}\n" for user, hashes in sorted(self._users.items())]
        _write(self._accounts / "mosquitto.passwords", "".join(lines))

    def _read(self) -> dict[str, dict[str, str]]:
        nats, mosquitto = self._accounts / "nats.json", self._accounts / "mosquitto.passwords"
        if not nats.exists():
            return {}
        try:
            known: Mapping[str, Any] = json.loads(nats.read_text())
            hashes = dict(line.split(":", 1) for line in mosquitto.read_text().splitlines())
            return {
                one["user"]: {"nats": one["password"], "mosquitto": hashes[one["user"]]}
                for one in known["users"]
            }
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(
                f"{self._accounts} was changed by hand and cannot be read ({error!r}); "
                "restore it, or delete it and add every operator again"
            ) from error


def _password() -> str:
    return secrets.token_urlsafe(24)


def _mosquitto_hash(password: str) -> str:
    """PBKDF2 with SHA-512 in the form that mosquitto 2 writes and reads."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _MOSQUITTO_ITERATIONS)
    fields = [base64.b64encode(part).decode() for part in (salt, digest)]
    return f"$7${_MOSQUITTO_ITERATIONS}${fields[0]}${fields[1]}"


def _write(file: Path, text: str, *, mode: int = 0o644) -> None:
    """Replace a file at once.

    Readable by every account, since containers read it under their own; the
    folder of the secrets is what keeps others out.
    """
    fresh = file.with_name(f"{file.name}.new")
    try:
        fresh.touch(mode=0o600)
        fresh.write_text(text)
        fresh.chmod(mode)
        fresh.replace(file)
    except OSError as error:
        raise Unavailable(f"{file} cannot be written: {error.strerror}") from error
