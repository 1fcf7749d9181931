// SPDX-License-Identifier: MPL-2.0

//! Runs the cameras of a configuration and reloads it.

use super::camera::{Abandoned, DEADLINE, Scoring, Shared, Watched};
use super::config::{self, Camera, Config};
use super::control::{Control, Reloaded};
use super::status::About;
use super::system;
use super::wall::Wall;
use crate::media::lock;
use anyhow::{Context as _, Result, ensure};
use onnx_iqa::model::{Model, Provider, Search};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Maximum number of hanging pipelines before the program must be restarted.
const MOST_ABANDONED: usize = 8;

/// Models in use, by name in the configuration. They stay open between connections.
type Models = BTreeMap<String, Arc<Model>>;

/// Current configuration.
struct Running {
    /// Configuration at the start; some keys cannot be reloaded.
    started: Config,
    cameras: Vec<Watched>,
    models: Models,
}

/// All cameras.
pub struct Program {
    path: PathBuf,
    shared: Arc<Shared>,
    running: Mutex<Running>,
}

impl Program {
    /// Opens the models and starts to monitor the cameras of `config`, which was read from `path`.
    ///
    /// # Errors
    /// If a model cannot be opened, or no thread can be created.
    pub fn start(path: PathBuf, config: Config, scoring: Scoring, wall: Arc<Wall>) -> Result<Arc<Self>> {
        let models = open_models(&config, &Models::new(), &scoring)?;
        let shared = Arc::new(Shared {
            wall,
            scoring,
            abandoned: Arc::new(Abandoned::default()),
            ending: AtomicBool::new(false),
        });
        shared.wall.arrange(abouts(&config, &models));
        let start = |camera: &Camera| Watched::start(camera.clone(), &shared);
        let cameras = config.cameras.iter().map(start).collect::<Result<_>>()?;
        let running = Mutex::new(Running { started: config, cameras, models });
        Ok(Arc::new(Self { path, shared, running }))
    }

    /// Why the program cannot continue, if so.
    pub fn failure(&self) -> Option<String> {
        let count = self.shared.abandoned.count();
        (count > MOST_ABANDONED)
            .then(|| format!("{count} pipelines hang and were abandoned: the program must be restarted"))
    }

    /// Whether the threads of all cameras are alive.
    pub fn works(&self) -> bool {
        // Unknown during a reload, which is short.
        let Ok(running) = self.running.try_lock() else { return true };
        running.cameras.iter().all(Watched::works)
    }

    /// Stops all cameras before a deadline; returns false if one hangs.
    pub fn end(&self, deadline: Instant) -> bool {
        self.shared.ending.store(true, Ordering::Relaxed);
        let mut running = lock(&self.running);
        end_all(&mut running.cameras, deadline, &AtomicBool::new(false))
    }
}

impl Control for Program {
    fn reload(&self) -> Result<Reloaded, String> {
        let reloaded = self.take_up();
        match &reloaded {
            Ok(reloaded) => system::say(&reloaded.to_string()),
            Err(error) => system::say(&format!("configuration not reloaded: {error}")),
        }
        reloaded
    }
}

impl Program {
    /// Reloads the configuration; only cameras that changed are affected.
    fn take_up(&self) -> Result<Reloaded, String> {
        let mut running = lock(&self.running);
        let config = config::read(&self.path).map_err(|error| error.to_string())?;
        let models =
            open_models(&config, &running.models, &self.shared.scoring).map_err(|error| format!("{error:#}"))?;
        let mut reloaded = Reloaded { restart: needs_restart(&running.started, &config), ..Reloaded::default() };

        let mut known: BTreeMap<String, Watched> = std::mem::take(&mut running.cameras)
            .into_iter()
            .map(|watched| (watched.camera.name.clone(), watched))
            .collect();
        let (mut kept, mut going) = (BTreeMap::new(), Vec::new());
        for camera in &config.cameras {
            match known.remove(&camera.name) {
                Some(watched) if watched.camera == *camera => {
                    reloaded.kept.push(camera.name.clone());
                    kept.insert(camera.name.clone(), watched);
                }
                Some(watched) => {
                    reloaded.changed.push(camera.name.clone());
                    going.push(watched);
                }
                None => reloaded.added.push(camera.name.clone()),
            }
        }
        reloaded.removed = known.keys().cloned().collect();
        going.extend(known.into_values());
        // A hanging thread continues until it notices that it was stopped; termination does not wait for it.
        let deadline = Instant::now() + 2 * DEADLINE + Duration::from_secs(1);
        let _ = end_all(&mut going, deadline, &self.shared.ending);

        self.shared.wall.arrange(abouts(&config, &models));
        for camera in &config.cameras {
            let watched = match kept.remove(&camera.name) {
                Some(watched) => watched,
                None => Watched::start(camera.clone(), &self.shared).map_err(|error| format!("{error:#}"))?,
            };
            running.cameras.push(watched);
        }
        running.models = models;
        Ok(reloaded)
    }
}

/// Requests all cameras to stop and waits until a deadline or until `hurry` is set; returns false on timeout.
fn end_all(cameras: &mut [Watched], deadline: Instant, hurry: &AtomicBool) -> bool {
    cameras.iter().for_each(Watched::stop);
    // Waits for every camera, even after a timeout of one.
    let late = cameras.iter_mut().filter_map(|camera| (!camera.ended_by(deadline, hurry)).then_some(())).count();
    late == 0
}

/// Keys that have changed since the start and require a restart.
fn needs_restart(old: &Config, new: &Config) -> Vec<String> {
    let changed = [
        ("listen", old.listen != new.listen),
        ("data-dir", old.data_dir != new.data_dir),
        ("token-file", old.token != new.token),
        ("webhook", old.webhook != new.webhook),
        ("mqtt", old.mqtt != new.mqtt),
    ];
    changed.into_iter().filter(|(_, changed)| *changed).map(|(key, _)| key.to_owned()).collect()
}

/// Opens the models of enabled cameras; open ones are reused.
fn open_models(config: &Config, open: &Models, scoring: &Scoring) -> Result<Models> {
    let mut models = Models::new();
    for camera in config.cameras.iter().filter(|camera| camera.enabled) {
        let Some(name) = camera.model.as_ref().filter(|name| !models.contains_key(*name)) else { continue };
        let model = match open.get(name) {
            Some(model) => model.clone(),
            None => open_model(name, scoring).with_context(|| format!("camera {:?}: model {name:?}", camera.name))?,
        };
        models.insert(name.clone(), model);
    }
    Ok(models)
}

fn open_model(name: &str, scoring: &Scoring) -> Result<Arc<Model>> {
    let provider: Provider = scoring.provider.parse().context("--provider")?;
    let model = Model::builder(name)
        .search(Search::for_program())
        .provider(provider)
        .device_id(scoring.device_id)
        .threads(usize::try_from(scoring.threads)?)
        .open()?;
    let compares = model.contract().kind.compares();
    ensure!(!compares, "the model needs a reference, which cameras do not have: use another model");
    Ok(model)
}

/// Camera information for other modules, and whether each camera is enabled.
fn abouts(config: &Config, models: &Models) -> Vec<(Arc<About>, bool)> {
    let about = |camera: &Camera| {
        let model = camera.model.as_ref().and_then(|name| models.get(name));
        let alarms = camera.alarms.iter().map(|rule| (rule.kind, rule.low.map(|low| low.below))).collect();
        let about = About {
            name: camera.name.clone(),
            address: camera.address.shown.clone(),
            tags: camera.tags.clone(),
            model: model.map(|model| model.contract().name.clone()),
            model_hash: model.map(|model| model.hash().to_owned()),
            interval: camera.interval.as_secs_f64(),
            alarms,
        };
        (Arc::new(about), camera.enabled)
    };
    config.cameras.iter().map(about).collect()
}
