// SPDX-License-Identifier: MPL-2.0

//! Initializes GStreamer with the plugin that is linked into this program.

use anyhow::{Context as _, Result, bail};

/// Name of the plugin.
const NAME: &str = "onnxiqa";

/// Debug thresholds for `-v` and `-vv`.
const SAID: [&str; 2] =
    ["*:WARNING,onnxiqa:INFO,iqacompare:INFO,iqascore:INFO", "*:INFO,onnxiqa:DEBUG,iqacompare:DEBUG,iqascore:DEBUG"];

/// Sets the debug thresholds according to the number of `-v`. `GST_DEBUG` takes precedence.
fn speak(verbose: u8) {
    let said = usize::from(verbose).checked_sub(1).map(|more| SAID[more.min(SAID.len() - 1)]);
    if let Some(said) = said.filter(|_| std::env::var_os("GST_DEBUG").is_none()) {
        gst::log::set_active(true);
        gst::log::set_threshold_from_string(said, true);
    }
}

/// Initializes GStreamer and registers the built-in elements.
///
/// `GST_PLUGIN_PATH` may contain a plugin file of any version. It is removed from this process's registry before an
/// element is created, so that it is never loaded. `verbose`: number of `-v`.
///
/// # Errors
/// If GStreamer cannot be initialized, or has already loaded such a file: this happens if it scans plugins in this
/// process because its registry is new and gst-plugin-scanner is not used.
pub fn init(verbose: u8) -> Result<()> {
    gst::init().context("cannot initialize GStreamer")?;
    speak(verbose);
    let registry = gst::Registry::get();
    let files: Vec<_> = registry.plugins().iter().filter(|plugin| plugin.plugin_name() == NAME).cloned().collect();
    // A type of the same name cannot be registered twice.
    if gst::glib::Type::from_name("GstIqaScore").is_some() {
        let names = files.iter().filter_map(|plugin| plugin.filename()).map(|file| file.display().to_string());
        let names: Vec<_> = names.collect();
        bail!(
            "GStreamer has loaded {} into this process while scanning plugins, because GST_REGISTRY_FORK=no is set \
             or gst-plugin-scanner is missing; run the command again, or remove that folder from GST_PLUGIN_PATH",
            if names.is_empty() { "another copy of the plugin".to_owned() } else { names.join(" and ") }
        );
    }
    files.iter().for_each(|plugin| registry.remove_plugin(plugin));
    gstonnxiqa::plugin_register_static().context("cannot register the built-in elements")
}

#[cfg(test)]
mod tests {
    use super::*;
    use gst::prelude::*;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    /// Tells the test that it runs in the child process.
    const CHILD: &str = "ONNX_IQA_TEST_CHILD";

    /// Plugin file of this build, which cargo puts beside the test program.
    fn plugin_file() -> PathBuf {
        std::env::current_exe().expect("a path").with_file_name("libgstonnxiqa.so")
    }

    fn is_mapped() -> bool {
        std::fs::read_to_string("/proc/self/maps").expect("maps").contains("libgstonnxiqa.so")
    }

    #[test]
    fn child() {
        if std::env::var_os(CHILD).is_none() {
            return;
        }
        match init(0) {
            Ok(()) => {
                for name in ["iqascore", "iqacompare", "iqalog", "iqaoverlay"] {
                    let element = gst::ElementFactory::make(name).build().expect("an element");
                    let plugin = element.factory().expect("a factory").plugin().expect("a plugin");
                    assert_eq!(plugin.filename(), None, "{name} is of a file");
                }
                let all = gst::Registry::get().features(gst::ElementFactory::static_type());
                assert_eq!(all.iter().filter(|feature| feature.name() == "iqascore").count(), 1);
                assert!(!is_mapped(), "something has loaded the file");
                println!("outcome: ours");
            }
            Err(error) => println!("outcome: {error:#}"),
        }
    }

    /// Output of a process with the plugin file on its path.
    fn outcome(folder: &Path, fork: &str) -> String {
        let output = Command::new(std::env::current_exe().expect("a path"))
            .args(["--exact", "plugin::tests::child", "--nocapture"])
            .env(CHILD, "1")
            .env("GST_PLUGIN_PATH", folder)
            .env("GST_REGISTRY", folder.join(format!("registry-{fork}.bin")))
            .env("GST_REGISTRY_FORK", fork)
            .env("G_DEBUG", "fatal-criticals")
            .output()
            .expect("the tests run");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = text.lines().find_map(|line| line.split_once("outcome: ")).map(|(_, said)| said.to_owned());
        said.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
    }

    #[test]
    fn a_file_of_the_plugin_on_the_path_is_not_used() {
        assert!(plugin_file().is_file(), "cargo builds the plugin's file with its library");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("libgstonnxiqa.so");
        std::os::unix::fs::symlink(plugin_file(), &file).expect("a link");
        // Scanned now and stored in the registry.
        for _ in 0..2 {
            assert_eq!(outcome(folder.path(), "yes"), "ours");
        }
        // Scanned in the process itself: the error of the first run is resolved by a second run.
        let first = outcome(folder.path(), "no");
        assert!(first.contains(file.to_str().expect("UTF-8")) && first.contains("run the command again"), "{first}");
        assert_eq!(outcome(folder.path(), "no"), "ours");
    }
}
