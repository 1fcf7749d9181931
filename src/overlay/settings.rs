// SPDX-License-Identifier: MPL-2.0

//! What is drawn, and where.

/// The position of the box with the scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Position {
    #[default]
    TopLeft,
    Top,
    TopRight,
    Left,
    Center,
    Right,
    BottomLeft,
    Bottom,
    BottomRight,
}

impl Position {
    /// Where a box of size `length` begins in a picture of size `whole`, keeping `margin` to its edges; across and
    /// down.
    pub(super) fn place(self, length: [u32; 2], whole: [u32; 2], margin: u32) -> [u32; 2] {
        let [across, down] = match self {
            Self::TopLeft => [0, 0],
            Self::Top => [1, 0],
            Self::TopRight => [2, 0],
            Self::Left => [0, 1],
            Self::Center => [1, 1],
            Self::Right => [2, 1],
            Self::BottomLeft => [0, 2],
            Self::Bottom => [1, 2],
            Self::BottomRight => [2, 2],
        };
        let along = |third: u32, index: usize| {
            let room = whole[index].saturating_sub(length[index]);
            let margin = margin.min(room / 2);
            margin + (room - 2 * margin) * third / 2
        };
        [along(across, 0), along(down, 1)]
    }
}

/// How a map of quality is colored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colormap {
    /// Transparent where the picture is good, through purple and red to light yellow where it is bad.
    #[default]
    Heat,
    /// Black where the picture is bad, white where it is good, like the map itself.
    Gray,
}

/// Which parts are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Show {
    /// The score, as a number, a word and a position on a bar.
    pub score: bool,
    /// Its history over the last 30 s.
    pub history: bool,
    /// The map of quality, over the whole picture.
    pub map: bool,
    /// Other values of the frame: measures, attributes.
    pub values: bool,
    /// A border around the picture, and a word, while an alarm is raised.
    pub alarm: bool,
}

impl Default for Show {
    fn default() -> Self {
        Self { score: true, history: true, map: true, values: true, alarm: true }
    }
}

/// What is drawn, and where.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// The elements whose scores are drawn; empty means all.
    pub elements: Vec<String>,
    /// The position of the box with the scores.
    pub position: Position,
    /// The size of the box: 1 suits the picture's size.
    pub scale: f64,
    /// Which parts are drawn.
    pub show: Show,
    /// The opacity of the map, 0 to 1; heat has it where the picture is bad, and is transparent where it is good.
    pub map_opacity: f64,
    /// The colors of the map.
    pub map_colormap: Colormap,
    /// The age from which a score is marked as stale, in nanoseconds.
    pub stale_after: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            elements: Vec::new(),
            position: Position::default(),
            scale: 1.0,
            show: Show::default(),
            map_opacity: 0.5,
            map_colormap: Colormap::default(),
            stale_after: 2_000_000_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Position;

    #[test]
    fn boxes_keep_to_the_edges_and_never_leave_the_picture() {
        let at = |position: Position| position.place([40, 20], [100, 100], 5);
        assert_eq!([Position::TopLeft, Position::Top, Position::TopRight].map(at), [[5, 5], [30, 5], [55, 5]]);
        assert_eq!([Position::Left, Position::Center, Position::Right].map(at), [[5, 40], [30, 40], [55, 40]]);
        assert_eq!(at(Position::BottomRight), [55, 75]);
        assert_eq!(Position::BottomRight.place([98, 200], [100, 100], 5), [1, 0]);
    }
}
