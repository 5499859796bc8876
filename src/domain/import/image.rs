//! Pictures that a file of products names by their paths.

use std::hash::Hash;
use std::hash::Hasher;
use std::path::PathBuf;

use crate::domain::image::Kept;

/// A picture of a product that is imported.
#[derive(Debug, Clone, Hash)]
pub struct ImportedImage {
    /// Its path, as it is written: from the folder of the pictures on.
    pub path: String,
    /// What is said of it in words, if anything is.
    pub alt: Option<String>,
    /// The line that names it.
    pub line: Line,
    /// What it is, once it has been looked at.
    pub looked: Option<Looked>,
}

/// A picture that has been looked at.
#[derive(Debug, Clone, Hash)]
pub struct Looked {
    /// What is kept of it.
    pub kept: Kept,
    /// Where it was read.
    pub file: PathBuf,
}

/// A line of a file, which is no part of what is said there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line(pub u64);

impl Hash for Line {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl ImportedImage {
    /// The pictures of a cell: paths with `;` between them.
    pub fn of_cell(cell: &str, line: u64) -> Vec<Self> {
        let paths = cell.split(';').map(str::trim).filter(|path| !path.is_empty());
        paths.map(|path| Self::new(path, None, line)).collect()
    }

    /// A picture that nobody has looked at.
    pub fn new(path: &str, alt: Option<String>, line: u64) -> Self {
        Self {
            path: path.to_owned(),
            alt,
            line: Line(line),
            looked: None,
        }
    }
}
