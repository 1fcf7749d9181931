// SPDX-License-Identifier: MPL-2.0

//! The answer to ALLOCATION: downstream's, changed by what the element does with frames.

use gst::query::Allocation;

/// Makes downstream's answer one for upstream of an element that holds up to `held(size)` buffers of that many bytes
/// and looks at whole frames.
pub fn adapt(answer: &mut Allocation, held: impl Fn(u32) -> u32) {
    // What is measured is the frame as the caps have it: it must not be cropped by a meta that only downstream reads.
    while let Some(index) = answer.find_allocation_meta::<gst_video::VideoCropMeta>() {
        answer.remove_nth_allocation_meta(index);
    }
    // As many buffers as are held here are missing downstream.
    let pools: Vec<_> = answer.allocation_pools().collect();
    for (index, (pool, size, min, max)) in (0u32..).zip(pools) {
        let held = held(size);
        // 0 = no limit.
        let max = if max == 0 { 0 } else { max.saturating_add(held) };
        answer.set_nth_allocation_pool(index, pool.as_ref(), size, min.saturating_add(held), max);
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
        adapt(&mut query, |size| 240 / size);
        let pools: Vec<_> = query.allocation_pools().map(|(_, size, min, max)| (size, min, max)).collect();
        assert_eq!(pools, [(24, 12, 0), (48, 8, 15)]);
        assert!(query.find_allocation_meta::<gst_video::VideoCropMeta>().is_none());
        assert!(query.find_allocation_meta::<gst_video::VideoMeta>().is_some());
    }
}
