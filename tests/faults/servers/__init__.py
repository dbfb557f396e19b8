"""Own Kafka, MongoDB and MinIO that can be killed, cut off, slowed down and filled up."""

from tests.faults.servers.disks import Disk
from tests.faults.servers.links import Link
from tests.faults.servers.stack import FaultableServers, faultable_servers

__all__ = ["Disk", "FaultableServers", "Link", "faultable_servers"]
