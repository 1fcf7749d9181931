// SPDX-License-Identifier: MPL-2.0

//! The answer to an ALLOCATION query: downstream's answer, adapted to what the element holds.

use gst::query::Allocation;

/// Number of buffers of one size an element holds.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// Typically. Growable pools start with this number, because a pool allocates its minimum up front.
    pub usual: u32,
    /// At most. Pools of fixed size must have at least this number.
    pub most: u32,
}

impl From<u32> for Held {
    fn from(held: u32) -> Self {
        Self { usual: held, most: held }
    }
}

/// Adapts downstream's answer for an element that holds `held(size)` buffers of that size and reads whole frames.
pub fn adapt(answer: &mut Allocation, held: impl Fn(u32) -> Held) {
    // Scores are computed on the frame described by the caps; it must not be cropped by a meta that only downstream
    // understands.
    while let Some(index) = answer.find_allocation_meta::<gst_video::VideoCropMeta>() {
        answer.remove_nth_allocation_meta(index);
    }
    // Buffers held here are not available downstream.
    let pools: Vec<_> = answer.allocation_pools().collect();
    for (index, (pool, size, min, max)) in (0u32..).zip(pools) {
        let Held { usual, most } = held(size);
        // 0 means unlimited.
        let (min, max) = match max {
            0 => (min.saturating_add(usual), 0),
            _ => (min.saturating_add(most), max.saturating_add(most)),
        };
        answer.set_nth_allocation_pool(index, pool.as_ref(), size, min, max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_grow_by_what_is_held_and_cropping_goes() {
        gst::init().expect("GStreamer");
        let mut query = gst::query::Allocation::new(None, true);
        query.add_allocation_pool(None::<&gst::BufferPool>, 24, 2, 0);
        query.add_allocation_pool(None::<&gst::BufferPool>, 48, 3, 10);
        query.add_allocation_meta::<gst_video::VideoCropMeta>(None);
        query.add_allocation_meta::<gst_video::VideoMeta>(None);
        adapt(&mut query, |size| Held { usual: 48 / size, most: 240 / size });
        let pools: Vec<_> = query.allocation_pools().map(|(_, size, min, max)| (size, min, max)).collect();
        assert_eq!(pools, [(24, 4, 0), (48, 8, 15)]);
        assert!(query.find_allocation_meta::<gst_video::VideoCropMeta>().is_none());
        assert!(query.find_allocation_meta::<gst_video::VideoMeta>().is_some());
    }
}
