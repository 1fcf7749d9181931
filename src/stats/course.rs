// SPDX-License-Identifier: MPL-2.0

//! Values over time, summarized in a few numbers.

/// The mean of the values in each of `columns` equal intervals from the first time to the last; `None` for an interval
/// without values. Times are in order; a single one is in the first interval.
///
/// ```
/// use onnx_iqa::stats::course;
/// let values = [(0, 10.0), (1, 20.0), (2, 40.0), (9, 80.0)];
/// assert_eq!(course(&values, 3), [Some(70.0 / 3.0), None, Some(80.0)]);
/// ```
#[must_use]
pub fn course(values: &[(u64, f64)], columns: usize) -> Vec<Option<f64>> {
    let mut sums = vec![(0.0, 0_u64); columns];
    let (Some(&(first, _)), Some(&(last, _))) = (values.first(), values.last()) else { return vec![None; columns] };
    // The last time belongs to the last interval.
    let span = u128::from(last.saturating_sub(first)) + 1;
    for &(time, value) in values {
        let column = u128::from(time.saturating_sub(first)) * columns as u128 / span;
        if let Some((sum, count)) = usize::try_from(column).ok().and_then(|column| sums.get_mut(column)) {
            *sum += value;
            *count += 1;
        }
    }
    sums.into_iter().map(|(sum, count)| (count > 0).then(|| sum / count as f64)).collect()
}

#[cfg(test)]
mod tests {
    use super::course;

    #[test]
    fn spans_are_equal_and_all_values_count() {
        let values: Vec<_> = (0..100).map(|n| (n * 40, n as f64)).collect();
        assert_eq!(course(&values, 4), [Some(12.0), Some(37.0), Some(62.0), Some(87.0)]);
        assert_eq!(course(&[(7, 5.0)], 2), [Some(5.0), None]);
        assert_eq!(course(&[], 2), [None, None]);
        assert!(course(&values, 0).is_empty());
        let late = [(u64::MAX - 1, 1.0), (u64::MAX, 3.0)];
        assert_eq!(course(&late, 2), [Some(1.0), Some(3.0)]);
    }
}
