#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""An RTSP server for tests and for the demo.

    rtsp-server.py PORT [--login USER:PASSWORD] PATH=PIPELINE…

Serves each pipeline, whose payloader is called pay0, under rtsp://127.0.0.1:PORT/PATH, to all clients at once. Says
`ready` when it can be asked. A line `PATH ELEMENT PROPERTY VALUE` on standard input sets a property; a media that
begins later gets it too. It ends with standard input.

libgstrtspserver need not be installed: see scripts/servers.sh rtsp.
"""

import argparse
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402


class Mount:
    """A pipeline under a path, and what was set in it."""

    def __init__(self, pipeline, login):
        self.settings, self.medias = {}, []
        self.factory = GstRtspServer.RTSPMediaFactory()
        self.factory.set_launch(f"( {pipeline} )")
        self.factory.set_shared(True)
        self.factory.connect("media-configure", self.configure)
        if login:
            permissions = GstRtspServer.RTSPPermissions()
            role = Gst.Structure.new_empty("user")
            for right in ("media.factory.access", "media.factory.construct"):
                role.set_value(right, True)
            permissions.add_role_from_structure(role)
            self.factory.set_permissions(permissions)

    def configure(self, _factory, media):
        self.medias = [media]
        for (element, name), value in self.settings.items():
            self.apply(media, element, name, value)

    def set(self, element, name, value):
        self.settings[element, name] = value
        for media in self.medias:
            self.apply(media, element, name, value)

    @staticmethod
    def apply(media, element, name, value):
        found = media.get_element().get_by_name(element)
        if found is None:
            sys.exit(f"there is no element {element}")
        Gst.util_set_object_arg(found, name, value)


def log_in(server, login):
    """Whoever asks has to know this."""
    user, _, password = login.partition(":")
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)


def commands(mounts, loop):
    """Does what is said on standard input."""
    for line in sys.stdin:
        path, element, name, value = line.split(maxsplit=3)
        GLib.idle_add(mounts[path].set, element, name, value.strip())
    GLib.idle_add(loop.quit)


def main():
    parser = argparse.ArgumentParser(description="serves pipelines by RTSP")
    parser.add_argument("port")
    parser.add_argument("mounts", nargs="+", metavar="PATH=PIPELINE")
    parser.add_argument("--login", metavar="USER:PASSWORD")
    options = parser.parse_args()

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(options.port)
    if options.login:
        log_in(server, options.login)
    mounts = {}
    for mount in options.mounts:
        path, _, pipeline = mount.partition("=")
        mounts[path] = Mount(pipeline, options.login)
        server.get_mount_points().add_factory(f"/{path}", mounts[path].factory)
    if server.attach(None) == 0:
        sys.exit(f"port {options.port} is taken")
    loop = GLib.MainLoop()
    threading.Thread(target=commands, args=(mounts, loop), daemon=True).start()
    print("ready", flush=True)
    loop.run()


if __name__ == "__main__":
    main()
