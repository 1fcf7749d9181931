//! The same samples in other layouts, depths and ranges.
