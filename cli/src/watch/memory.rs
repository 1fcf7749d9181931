// SPDX-License-Identifier: MPL-2.0

//! Memory that the C library keeps after it was freed.

/// Arenas of glibc's allocator: that of the main thread, and one that all others share.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const ARENAS: i32 = 2;

/// Keeps glibc from giving threads arenas of their own. By default there are up to eight arenas for each processor, and
/// each grows to what the largest of the pipelines that it happened to serve needed: a program that makes pipelines
/// again and again grows for hours, and more so with more processors. `MALLOC_ARENA_MAX` and `GLIBC_TUNABLES` win.
///
/// For the start of a command: arenas that there are already stay.
pub fn share_arenas() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let tunables = std::env::var_os("GLIBC_TUNABLES").unwrap_or_default();
        let is_chosen = std::env::var_os("MALLOC_ARENA_MAX").is_some()
            || tunables.to_string_lossy().contains("glibc.malloc.arena_max");
        if !is_chosen {
            // SAFETY: mallopt takes two numbers and may be called at any time. That it can refuse costs memory only.
            unsafe { libc::mallopt(libc::M_ARENA_MAX, ARENAS) };
        }
    }
}
