"""Addresses that nobody can guess: whoever has one is let in by it. The token itself is kept nowhere."""

import hashlib
import secrets


def new_token() -> str:
    """256 bits of chance, for an address."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is kept of a token. It is too long to be guessed, so its hash needs neither salt nor rounds."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
