# SPDX-License-Identifier: MIT
"""The Government Office's document exchange, as far as this side can see it.

A small HTTPS server in a network that is not ours, with a certificate that
the province's own authority did not sign.
"""

from lab.certificates import outside_certificate
from lab.disk import File
from lab.layout import Layout
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device
from tinhnet.model.service import Service

_START = """#!/bin/sh
# Written by the lab: this device is not ours and serves one thing.
exec /usr/sbin/nginx -c /etc/tinhnet/outside.conf
"""
_FRAME = """pid /run/outside.pid;
worker_processes 1;
error_log /var/log/nginx/error.log;
events {{ worker_connections 256; }}
http {{
    access_log /var/log/nginx/access.log;
    charset utf-8;
    server_tokens off;
{servers}}}
"""
_SERVER = """    server {{
        listen {port} ssl;
        listen [::]:{port} ssl;
        server_name {name};
        ssl_certificate /etc/tinhnet/{name}.pem;
        ssl_certificate_key /etc/tinhnet/{name}.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        location = / {{
            default_type text/html;
            return 200 "<!doctype html><title>{title}</title><h1>{title}</h1>\\n";
        }}
        location = /documents {{
            default_type application/json;
            limit_except POST {{ deny all; }}
            return 202 '{{"accepted": true, "receipt": "$request_id"}}\\n';
        }}
    }}
"""


def outside_files(layout: Layout, network: DeclaredNetwork, device: Device) -> tuple[File, ...]:
    """Return what an external device serves: every HTTPS service declared on it."""
    services = [
        service
        for service in network.services.values()
        if service.server == device.id and service.check.kind == "https"
    ]
    if not services:
        return ()
    pages = "".join(_server(service) for service in services)
    found = [
        File("etc/tinhnet/outside.conf", _FRAME.format(servers=pages)),
        File("etc/tinhnet/boot.d/50-outside.sh", _START, 0o755),
    ]
    for service in services:
        certified = outside_certificate(layout, service.name, device.management4)
        found.append(File(f"etc/tinhnet/{service.name}.pem", certified.certificate))
        found.append(File(f"etc/tinhnet/{service.name}.key", certified.key, 0o600))
    return tuple(found)


def _server(service: Service) -> str:
    title = service.check.expect or service.name_vi
    return _SERVER.format(port=service.port, name=service.name, title=title.replace('"', "'"))
