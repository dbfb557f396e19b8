"""The real servers for development and tests: Apache Kafka, MongoDB, MinIO."""

from incognita_local.errors import LocalError
from incognita_local.processes import Process
from incognita_local.stack import Servers
from incognita_local.supervisor import ProcessExit, Supervisor

__all__ = ["LocalError", "Process", "ProcessExit", "Servers", "Supervisor"]
