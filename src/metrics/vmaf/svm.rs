// SPDX-License-Identifier: MPL-2.0

//! Support-vector regression with radial basis functions, in libsvm's text format.

use super::error::ModelErrorKind;

/// A trained regression.
#[derive(Debug, Clone, PartialEq)]
pub struct Svm {
    gamma: f64,
    rho: f64,
    /// Weights and their support vectors, in the order of the file.
    vectors: Vec<(f64, Vec<f64>)>,
}

impl Svm {
    /// Reads libsvm's text format, for that many inputs.
    pub fn parse(text: &str, inputs: usize) -> Result<Self, ModelErrorKind> {
        let wrong = |what: String| ModelErrorKind::Svm(what);
        let mut lines = text.lines();
        let (mut gamma, mut rho, mut total) = (None, None, None);
        for line in lines.by_ref() {
            let (key, value) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
            let number = || value.trim().parse::<f64>().map_err(|_| wrong(format!("{key} is `{value}`")));
            match key {
                "SV" => break,
                "svm_type" if !matches!(value, "nu_svr" | "epsilon_svr") => {
                    return Err(wrong(format!("svm_type is `{value}`: only regressions (nu_svr) are known")));
                }
                "kernel_type" if value != "rbf" => {
                    return Err(wrong(format!("kernel_type is `{value}`: only rbf is known")));
                }
                "gamma" => gamma = Some(number()?),
                "rho" => rho = Some(number()?),
                "total_sv" => total = Some(number()?),
                _ => {}
            }
        }
        let vectors = lines.filter(|line| !line.trim().is_empty()).map(|line| vector(line, inputs));
        let vectors = vectors.collect::<Result<Vec<_>, _>>()?;
        let missing = |key: &str| wrong(format!("{key} is missing"));
        let (gamma, rho) = (gamma.ok_or_else(|| missing("gamma"))?, rho.ok_or_else(|| missing("rho"))?);
        let total = total.ok_or_else(|| missing("total_sv"))?;
        if vectors.is_empty() || vectors.len() as f64 != total {
            return Err(wrong(format!("total_sv is {total}, but there are {} support vectors", vectors.len())));
        }
        Ok(Self { gamma, rho, vectors })
    }

    /// The regression's value for a point.
    pub fn predict(&self, point: &[f64]) -> f64 {
        let sum: f64 = self.vectors.iter().map(|(weight, vector)| weight * self.kernel(point, vector)).sum();
        sum - self.rho
    }

    fn kernel(&self, point: &[f64], vector: &[f64]) -> f64 {
        let distance: f64 = point.iter().zip(vector).map(|(a, b)| (a - b) * (a - b)).sum();
        (-self.gamma * distance).exp()
    }
}

/// Reads one line: a weight, then numbers by index from 1; missing ones are 0.
fn vector(line: &str, inputs: usize) -> Result<(f64, Vec<f64>), ModelErrorKind> {
    let wrong =
        || ModelErrorKind::Svm(format!("the support vector `{}` is no weight with numbers by index", line.trim()));
    let mut words = line.split_whitespace();
    let weight = words.next().and_then(|word| word.parse::<f64>().ok()).ok_or_else(wrong)?;
    let mut numbers = vec![0.0; inputs];
    for word in words {
        let (index, number) = word.split_once(':').ok_or_else(wrong)?;
        let index = index.parse::<usize>().ok().and_then(|index| index.checked_sub(1)).ok_or_else(wrong)?;
        *numbers.get_mut(index).ok_or_else(wrong)? = number.parse().map_err(|_| wrong())?;
    }
    Ok((weight, numbers))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "svm_type nu_svr\nkernel_type rbf\ngamma 0.5\nnr_class 2\ntotal_sv 2\nrho 1\nSV\n2 1:1 2:3 \n-1 2:1 \n";

    /// 2 e^(−(0 + 4) / 2) − e^(−(1 + 0) / 2) − 1
    #[test]
    fn predictions_depend_on_distances() {
        let svm = Svm::parse(TEXT, 2).unwrap();
        let expected = 2.0 * (-2.0f64).exp() - (-0.5f64).exp() - 1.0;
        assert!((svm.predict(&[1.0, 1.0]) - expected).abs() < 1e-15);
    }

    #[test]
    fn errors_name_the_fault() {
        for (from, to, expected) in [
            ("nu_svr", "c_svc", "svm_type is `c_svc`"),
            ("rbf", "linear", "kernel_type is `linear`"),
            ("total_sv 2", "total_sv 3", "total_sv is 3, but there are 2"),
            ("gamma 0.5\n", "", "gamma is missing"),
            ("2:3", "3:3", "3:3"),
            ("2:3", "2;3", "2;3"),
        ] {
            let found = Svm::parse(&TEXT.replace(from, to), 2).unwrap_err().to_string();
            assert!(found.contains(expected), "{found}");
        }
    }
}
