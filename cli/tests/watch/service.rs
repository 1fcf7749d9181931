// SPDX-License-Identifier: MPL-2.0

//! Notifications to the service manager.

use crate::common::{LONG, Watch};
use std::os::unix::net::UnixDatagram;

/// The next notification.
#[track_caller]
fn hear(socket: &UnixDatagram) -> String {
    let mut buffer = [0; 256];
    let length = socket.recv(&mut buffer).expect("something is said");
    String::from_utf8_lossy(&buffer[..length]).trim().to_owned()
}

/// Skips notifications until one contains that word.
#[track_caller]
fn wait_for(socket: &UnixDatagram, word: &str) {
    while !hear(socket).contains(word) {}
}

#[test]
fn it_notifies_ready_watchdog_and_stopping() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(LONG)).expect("a time");
    let path = path.to_str().expect("UTF-8").to_owned();
    let environment = [("NOTIFY_SOCKET", path.as_str()), ("WATCHDOG_USEC", "400000")];
    let cameras = "[[camera]]\nname = 'one'\nuri = 'videotestsrc://'\nmodel = 'none'";
    let watch = Watch::start_with(folder, cameras, &environment);
    assert_eq!(hear(&socket), "READY=1");
    for _ in 0..3 {
        assert_eq!(hear(&socket), "WATCHDOG=1");
    }
    watch.signal("HUP");
    wait_for(&socket, "RELOADING=1");
    wait_for(&socket, "READY=1");
    watch.signal("TERM");
    wait_for(&socket, "STOPPING=1");
    let (status, _, log) = watch.end_of();
    assert_eq!(status, Some(0), "{log}");
}
