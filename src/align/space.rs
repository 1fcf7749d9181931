//! Alignment in space: letterbox crop, scaling, translation.
