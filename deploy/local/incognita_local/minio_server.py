"""MinIO, an S3 store, with credentials made once for each state directory."""

from __future__ import annotations

import io
import json
import os
import secrets
import uuid
from collections.abc import Mapping
from pathlib import Path

import urllib3
from minio import Minio
from minio.error import MinioException

from incognita_local.errors import LocalError, NotReadyError

PROBE_BUCKET = "incognita-probe"


class MinioServer:
    """Command line, credentials and probe; `directory` holds all it writes."""

    name = "minio"
    title = "MinIO"
    port_names: tuple[str, ...] = ("client",)
    start_timeout_s = 60.0
    stop_timeout_s = 10.0

    def __init__(self, directory: Path, *, minio: Path) -> None:
        self.directory = directory
        self.minio = minio
        self._credentials_path = directory / "credentials.json"

    def prepare(self, ports: Mapping[str, int]) -> None:
        (self.directory / "data").mkdir(parents=True, exist_ok=True)
        self.credentials()

    def credentials(self) -> tuple[str, str]:
        """Access key and secret key, random, kept in a file that only the owner reads."""
        path = self._credentials_path
        if not path.exists():
            made = {"access_key": secrets.token_hex(10), "secret_key": secrets.token_urlsafe(30)}
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(".new")
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
                json.dump(made, f)
            fresh.replace(path)
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            return str(kept["access_key"]), str(kept["secret_key"])
        except (ValueError, KeyError, TypeError) as error:
            raise LocalError(f"{path} is damaged; delete it and start again") from error

    def argv(self, ports: Mapping[str, int]) -> list[str]:
        certificates = self.directory / "certificates"  # else it writes to the home directory
        return [
            str(self.minio),
            *("server", str(self.directory / "data"), "--quiet"),
            *("--address", self._address(ports), "--certs-dir", str(certificates)),
        ]

    def extra_env(self) -> dict[str, str]:
        access_key, secret_key = self.credentials()
        return {
            "MINIO_ROOT_USER": access_key,
            "MINIO_ROOT_PASSWORD": secret_key,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        }

    def variables(self, ports: Mapping[str, int]) -> dict[str, str]:
        access_key, secret_key = self.credentials()
        return {
            "S3_ENDPOINT": self.url(ports),
            "S3_ACCESS_KEY": access_key,
            "S3_SECRET_KEY": secret_key,
        }

    def _address(self, ports: Mapping[str, int]) -> str:
        return f"127.0.0.1:{ports['client']}"

    def url(self, ports: Mapping[str, int]) -> str:
        return f"http://{self._address(ports)}"

    def probe(self, ports: Mapping[str, int]) -> None:
        """An object written, read back and deleted. Raises NotReadyError."""
        access_key, secret_key = self.credentials()
        with urllib3.PoolManager(timeout=5.0, retries=False) as pool:
            client = Minio(
                self._address(ports),
                access_key=access_key,
                secret_key=secret_key,
                secure=False,
                http_client=pool,
            )
            try:
                _write_and_read(client)
            except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
                raise NotReadyError(str(error)) from error


def _write_and_read(client: Minio) -> None:
    if not client.bucket_exists(PROBE_BUCKET):
        client.make_bucket(PROBE_BUCKET)
    name, value = uuid.uuid4().hex, uuid.uuid4().bytes
    client.put_object(PROBE_BUCKET, name, io.BytesIO(value), len(value))
    with client.get_object(PROBE_BUCKET, name) as answer:
        found = answer.read()
    client.remove_object(PROBE_BUCKET, name)
    if found != value:
        raise NotReadyError("the object read is not the one written")
