// SPDX-License-Identifier: MPL-2.0

//! Errors in a contract.

/// A contract that cannot be read, contradicts itself, or does not fit the graph.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContractError {
    /// Not TOML, an unknown key, a missing one, or a value of the wrong type.
    #[error("{message} (line {line}, column {column})")]
    Syntax {
        /// The message of the TOML reader.
        message: String,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// A value that is invalid by itself or in combination with another.
    #[error("`{key}` {problem}{}", at_line(*.line))]
    Value {
        /// Its path, such as `input[0].mean`.
        key: String,
        /// The rest of the sentence.
        problem: String,
        /// The line of the key, counted from 1.
        line: Option<usize>,
    },
    /// A value that does not fit the ONNX graph.
    #[error("`{key}` says {says}, but the graph has {graph}{}", at_line(*.line))]
    Graph {
        /// Its path, such as `input[0].tensor`.
        key: String,
        /// What the contract says.
        says: String,
        /// What the graph has.
        graph: String,
        /// The line of the key, counted from 1.
        line: Option<usize>,
    },
    /// The graph expects several frames in time.
    #[error(
        "the input \"{tensor}\" has the shape {shape}: a stack of frames in time, which is not supported (five \
         dimensions are understood as N×K×C×H×W, crops of one frame, with `crops-axis = 1` in the geometry)"
    )]
    FramesInTime {
        /// The ONNX input.
        tensor: String,
        /// Its shape.
        shape: String,
    },
}

fn at_line(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(" (line {line})"))
}

impl ContractError {
    pub(super) fn syntax(text: &str, error: &toml::de::Error) -> Self {
        let (line, column) = position(text, error.span().map_or(0, |span| span.start));
        // Errors are single lines.
        let message = error.message().trim().replace('\n', ", ");
        Self::Syntax { message, line, column }
    }

    pub(super) fn value(text: &str, key: String, problem: String) -> Self {
        let line = line_of(text, &key);
        Self::Value { key, problem, line }
    }

    #[cfg(feature = "onnx")]
    pub(in crate::model) fn graph(text: &str, key: String, says: impl Into<String>, graph: impl Into<String>) -> Self {
        let line = line_of(text, &key);
        Self::Graph { key, says: says.into(), graph: graph.into(), line }
    }
}

/// Line and column of a byte, both counted from 1.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

/// The line that contains `key` (`a[1].b`), or its nearest parent that is written.
fn line_of(text: &str, key: &str) -> Option<usize> {
    let root = toml::de::DeTable::parse(text).ok()?;
    let mut table = root.get_ref();
    let mut found = None;
    for part in key.split('.') {
        let (name, index) = match part.split_once('[') {
            Some((name, rest)) => (name, rest.trim_end_matches(']').parse::<usize>().ok()),
            None => (part, None),
        };
        let Some((written, mut value)) = table.iter().find(|(written, _)| written.get_ref() == name) else { break };
        found = Some(written.span().start);
        if let Some(index) = index {
            let Some(element) = value.get_ref().as_array().and_then(|array| array.get(index)) else { break };
            value = element;
            found = Some(value.span().start);
        }
        match value.get_ref().as_table() {
            Some(inner) => table = inner,
            None => break,
        }
    }
    found.map(|byte| position(text, byte).0)
}
