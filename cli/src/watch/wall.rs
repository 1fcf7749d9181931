// SPDX-License-Identifier: MPL-2.0

//! State of all cameras, and its subscribers.
//!
//! Lock order: `news`, then `cameras`. `news` is held while events are sent, so that all subscribers see the same
//! order.

use super::alarm::{Alarm, AlarmId, Jpeg};
use super::event::Event;
use super::moment::Moment;
use super::status::{About, Measured, State, Status};
use crate::media::lock;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use tokio::sync::broadcast;

/// Number of events a subscriber may be behind before it misses some.
const BEHIND: usize = 1024;

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPicture {
    /// The camera does not exist.
    #[error("no such camera")]
    Unknown,
    /// No picture has arrived yet.
    #[error("no picture has arrived from this camera yet")]
    None,
    /// The picture cannot be encoded.
    #[error("cannot show the picture: {0}")]
    Failed(String),
}

/// Source of a camera's newest picture.
pub trait Pictures: Send + Sync {
    /// Returns the newest picture; encoded on request, at most once per second. Takes milliseconds: call it on a thread
    /// that may block.
    ///
    /// # Errors
    /// If there is none.
    fn newest(&self) -> Result<Jpeg, NoPicture>;
}

/// A camera on the wall.
struct Camera {
    name: Arc<str>,
    status: Status,
    pictures: Option<Arc<dyn Pictures>>,
}

impl Camera {
    /// Whether the camera is enabled in the current configuration.
    fn arranged(before: Option<Self>, about: Arc<About>, enabled: bool) -> Self {
        let state = if enabled { State::Connecting } else { State::Disabled };
        let Some(mut camera) = before else {
            return Self { name: about.name.as_str().into(), status: Status::new(about, state), pictures: None };
        };
        camera.status.about = about;
        if enabled == (camera.status.state == State::Disabled) {
            (camera.status.state, camera.status.since) = (state, Moment::now());
            (camera.status.reason, camera.status.next_try) = (None, None);
        }
        camera
    }
}

/// Subscribers.
struct News {
    subscribers: broadcast::Sender<Event>,
    followers: Vec<SyncSender<Event>>,
    last_id: i64,
}

/// All cameras in configuration order.
pub struct Wall {
    news: Mutex<News>,
    cameras: Mutex<Vec<Camera>>,
}

impl Default for Wall {
    fn default() -> Self {
        let news = News { subscribers: broadcast::Sender::new(BEHIND), followers: Vec::new(), last_id: 0 };
        Self { news: Mutex::new(news), cameras: Mutex::default() }
    }
}

impl Wall {
    /// Returns the status of a camera.
    pub fn status(&self, name: &str) -> Option<Status> {
        lock(&self.cameras).iter().find(|camera| &*camera.name == name).map(|camera| camera.status.clone())
    }

    /// Returns the status of all cameras in configuration order.
    pub fn all(&self) -> Vec<Status> {
        lock(&self.cameras).iter().map(|camera| camera.status.clone()).collect()
    }

    /// Subscribes to all events. A subscriber that is more than 1,024 events behind gets `Lagged` from the receiver and
    /// should call [`all`](Self::all) again.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        lock(&self.news).subscribers.subscribe()
    }

    /// Subscribes to all events without losing any, for the history and for notifications.
    ///
    /// This subscription blocks: with `room` events queued, further events wait, and with them all cameras (their
    /// streams continue). A follower must take its events immediately, on a thread that waits for nothing else, and
    /// limit what it keeps. A dropped receiver is ignored.
    pub fn follow(&self, room: usize) -> Receiver<Event> {
        let (sender, receiver) = sync_channel(room);
        lock(&self.news).followers.push(sender);
        receiver
    }

    /// Returns a camera's newest picture. Takes milliseconds, at most once per second and camera.
    ///
    /// # Errors
    /// If the camera or its picture does not exist.
    pub fn snapshot(&self, name: &str) -> Result<Jpeg, NoPicture> {
        let pictures = {
            let cameras = lock(&self.cameras);
            let camera = cameras.iter().find(|camera| &*camera.name == name).ok_or(NoPicture::Unknown)?;
            camera.pictures.clone().ok_or(NoPicture::None)?
        };
        pictures.newest()
    }

    /// Sets the cameras and their order. The status of cameras that keep their name is kept; alarms of removed cameras
    /// end.
    pub fn arrange(&self, cameras: impl IntoIterator<Item = (Arc<About>, bool)>) {
        let mut news = lock(&self.news);
        let gone = {
            let mut known = lock(&self.cameras);
            let mut before = std::mem::take(&mut *known);
            known.extend(cameras.into_iter().map(|(about, enabled)| {
                let place = before.iter().position(|camera| *camera.name == *about.name);
                Camera::arranged(place.map(|place| before.swap_remove(place)), about, enabled)
            }));
            before
        };
        for alarm in gone.into_iter().flat_map(|camera| camera.status.alarms) {
            let mut alarm = Arc::unwrap_or_clone(alarm);
            alarm.ended = Some(Moment::now());
            news.tell(Event::AlarmEnded(Arc::new(alarm)));
        }
        news.tell(Event::Reloaded);
    }

    /// Sets the picture source of a camera.
    pub fn set_pictures(&self, name: &str, pictures: Option<Arc<dyn Pictures>>) {
        if let Some(camera) = lock(&self.cameras).iter_mut().find(|camera| &*camera.name == name) {
            camera.pictures = pictures;
        }
    }

    /// Changes the status of a camera; sends an event and sets the time if its state changes. Does not change alarms.
    /// Returns false if the camera does not exist.
    pub fn update(&self, name: &str, change: impl FnOnce(&mut Status)) -> bool {
        let mut news = lock(&self.news);
        let event = {
            let mut cameras = lock(&self.cameras);
            let Some(camera) = cameras.iter_mut().find(|camera| &*camera.name == name) else { return false };
            let status = &mut camera.status;
            let before = (status.state, status.reason.clone());
            change(status);
            if status.state != before.0 {
                status.since = Moment::now();
            }
            ((status.state, &status.reason) != (before.0, &before.1)).then(|| Event::State {
                camera: camera.name.clone(),
                state: status.state,
                since: status.since,
                reason: status.reason.clone(),
            })
        };
        if let Some(event) = event {
            news.tell(event);
        }
        true
    }

    /// Adds measurements of a camera's frame.
    pub fn measured(&self, name: &str, measured: Measured) {
        let mut news = lock(&self.news);
        let camera = {
            let mut cameras = lock(&self.cameras);
            let Some(camera) = cameras.iter_mut().find(|camera| &*camera.name == name) else { return };
            camera.status.measured = Some(measured);
            if measured.score.is_some() {
                camera.status.score = Some(measured);
            }
            camera.name.clone()
        };
        news.tell(Event::Score { camera, measured });
    }

    /// Begins an alarm and assigns its ID, which must be unset in `alarm`. Returns false if the camera does not exist.
    pub fn begin(&self, mut alarm: Alarm) -> Option<AlarmId> {
        let mut news = lock(&self.news);
        news.last_id = alarm.began.wall.as_microsecond().max(news.last_id + 1);
        alarm.id = AlarmId(news.last_id);
        let alarm = Arc::new(alarm);
        lock(&self.cameras).iter_mut().find(|camera| *camera.name == *alarm.camera)?.status.alarms.push(alarm.clone());
        let id = alarm.id;
        news.tell(Event::AlarmBegan(alarm));
        Some(id)
    }

    /// Acknowledges an alarm. Returns `None` if no active alarm has this ID. An acknowledged alarm is not changed.
    pub fn acknowledge(&self, id: AlarmId) -> Option<Arc<Alarm>> {
        self.change(id, |alarm| {
            let first = alarm.acknowledged.is_none();
            alarm.acknowledged.get_or_insert_with(Moment::now);
            first.then_some(Event::AlarmAcknowledged as fn(_) -> _)
        })
    }

    /// Ends an alarm. Returns `None` if no active alarm has this ID.
    pub fn end(&self, id: AlarmId) -> Option<Arc<Alarm>> {
        self.change(id, |alarm| {
            alarm.ended = Some(Moment::now());
            Some(Event::AlarmEnded as fn(_) -> _)
        })
    }

    /// Changes an active alarm and sends the event returned by `change`.
    fn change(
        &self,
        id: AlarmId,
        change: impl FnOnce(&mut Alarm) -> Option<fn(Arc<Alarm>) -> Event>,
    ) -> Option<Arc<Alarm>> {
        let mut news = lock(&self.news);
        let (alarm, event) = {
            let mut cameras = lock(&self.cameras);
            let mut lists = cameras.iter_mut().map(|camera| &mut camera.status.alarms);
            let (list, place) = lists.find_map(|list| {
                let place = list.iter().position(|alarm| alarm.id == id)?;
                Some((list, place))
            })?;
            let event = change(Arc::make_mut(&mut list[place]));
            let alarm = list[place].clone();
            if alarm.ended.is_some() {
                list.remove(place);
            }
            (alarm, event)
        };
        if let Some(event) = event {
            news.tell(event(alarm.clone()));
        }
        Some(alarm)
    }
}

impl News {
    fn tell(&mut self, event: Event) {
        self.followers.retain(|follower| follower.send(event.clone()).is_ok());
        // There may be no subscribers.
        let _ = self.subscribers.send(event);
    }
}
