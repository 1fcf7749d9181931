// SPDX-License-Identifier: MPL-2.0

//! Picture files.

use anyhow::{Context as _, Result, ensure};
use std::path::{Path, PathBuf};

/// File name extensions and media types.
const TYPES: [(&str, &str); 7] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("bmp", "image/bmp"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
];

/// Media type by file name; `None` if it is not a picture.
pub fn media_type(path: &Path) -> Option<&'static str> {
    let extension = path.extension()?.to_str()?;
    TYPES.iter().find(|(known, _)| extension.eq_ignore_ascii_case(known)).map(|(_, media_type)| *media_type)
}

/// Whether the file name is that of a picture.
pub fn is_picture(path: &Path) -> bool {
    media_type(path).is_some()
}

/// Pictures of a folder in natural order of their names, with 10 after 9.
///
/// # Errors
/// If the folder cannot be read, contains no picture, or contains several formats, which one decoder cannot decode.
pub fn of_folder(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if is_picture(&path) && !hidden {
            files.push(path);
        }
    }
    let known = TYPES.map(|(extension, _)| extension).join(", ");
    ensure!(!files.is_empty(), "{} contains no picture ({known})", folder.display());
    files.sort_by(|one, other| natord::compare(&name(one), &name(other)));
    let mut kinds: Vec<_> = files.iter().filter_map(|file| media_type(file)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let folder = folder.display();
    ensure!(kinds.len() == 1, "{folder} contains {}: use a separate folder for each format", kinds.join(" and "));
    Ok(files)
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_come_in_the_order_of_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["p10.png", "p9.PNG", "p1.png", "notes.txt", ".hidden.png"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        let names: Vec<_> = of_folder(folder.path()).unwrap().iter().map(|file| name(file)).collect();
        assert_eq!(names, ["p1.png", "p9.PNG", "p10.png"]);
        std::fs::write(folder.path().join("p2.jpg"), "x").unwrap();
        let error = of_folder(folder.path()).unwrap_err().to_string();
        assert!(error.contains("image/jpeg and image/png"), "{error}");
    }
}
