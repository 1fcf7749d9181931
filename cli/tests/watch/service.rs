// SPDX-License-Identifier: MPL-2.0

//! How it runs as a service: notifications to the service manager, and memory.

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

/// Arenas of glibc's allocator beside that of the main thread: each begins at a multiple of 64 MiB.
#[cfg(all(target_env = "gnu", target_pointer_width = "64"))]
fn arenas(process: u32) -> usize {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).expect("it runs");
    let is_arena = |line: &&str| {
        let mut words = line.split_ascii_whitespace();
        let start = words.next().and_then(|range| u64::from_str_radix(range.split('-').next()?, 16).ok());
        let [rights, inode] = [words.next(), words.nth(2)];
        rights == Some("rw-p") && inode == Some("0") && start.is_some_and(|start| start % (64 << 20) == 0)
    };
    maps.lines().filter(is_arena).count()
}

#[test]
#[cfg(all(target_env = "gnu", target_pointer_width = "64"))]
fn threads_share_one_arena_unless_the_environment_says_otherwise() {
    let camera = |name| format!("[[camera]]\nname = '{name}'\nuri = 'videotestsrc://'\nmodel = 'none'\n");
    let cameras = camera("one") + &camera("two");
    let arenas_with = |environment: &[(&str, &str)]| {
        let mut watch = Watch::start_with(tempfile::tempdir().expect("a folder"), &cameras, environment);
        watch.wait_for("one", "live");
        watch.wait_for("two", "live");
        let count = arenas(watch.id());
        watch.end();
        count
    };
    assert_eq!(arenas_with(&[]), 1);
    let chosen = arenas_with(&[("MALLOC_ARENA_MAX", "8")]);
    assert!((2..8).contains(&chosen), "{chosen} arenas");
    assert!(arenas_with(&[("GLIBC_TUNABLES", "glibc.malloc.arena_max=8")]) > 1);
}
