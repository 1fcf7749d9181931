// SPDX-License-Identifier: MPL-2.0

//! What is known of all cameras, and who hears of it.
//!
//! Lock order: `news`, then `cameras`. `news` is held while something is told, so that all hear the same order.

use super::alarm::{Alarm, AlarmId, Jpeg};
use super::event::Event;
use super::moment::Moment;
use super::status::{About, Measured, State, Status};
use crate::media::lock;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use tokio::sync::broadcast;

/// Events that a subscriber may be behind before it misses some.
const BEHIND: usize = 1024;

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPicture {
    /// There is no such camera.
    #[error("there is no camera of this name")]
    Unknown,
    /// None has come yet.
    #[error("no picture has come from this camera yet")]
    None,
    /// It cannot be shown.
    #[error("the picture cannot be shown: {0}")]
    Failed(String),
}

/// Where a camera's newest picture comes from.
pub trait Pictures: Send + Sync {
    /// The newest picture; encoded when asked for, at most once a second. Takes milliseconds of computing: call it
    /// from a thread that may work.
    ///
    /// # Errors
    /// When there is none.
    fn newest(&self) -> Result<Jpeg, NoPicture>;
}

/// A camera on the wall.
struct Camera {
    name: Arc<str>,
    status: Status,
    pictures: Option<Arc<dyn Pictures>>,
}

impl Camera {
    /// One that was known before or not, by another configuration.
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

/// Who hears what happens.
struct News {
    subscribers: broadcast::Sender<Event>,
    followers: Vec<SyncSender<Event>>,
    last_id: i64,
}

/// All cameras, in the configuration's order.
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
    /// What is known of a camera.
    pub fn status(&self, name: &str) -> Option<Status> {
        lock(&self.cameras).iter().find(|camera| &*camera.name == name).map(|camera| camera.status.clone())
    }

    /// What is known of all, in the configuration's order.
    pub fn all(&self) -> Vec<Status> {
        lock(&self.cameras).iter().map(|camera| camera.status.clone()).collect()
    }

    /// Hears of everything from now on, unless it is slow: of a subscriber that is more than 1,024 events behind the
    /// receiver says `Lagged`; it then asks for [`all`](Self::all) again.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        lock(&self.news).subscribers.subscribe()
    }

    /// Hears of everything from now on and misses nothing: for the history and for notifications.
    ///
    /// This is the blocking path: with `room` events waiting, whatever has happened waits to be told, and with it all
    /// cameras (their streams go on). So a follower takes its events at once, on a thread that waits for nothing else,
    /// and bounds what it keeps itself: the history on disk. A receiver that is dropped is left out from then on.
    pub fn follow(&self, room: usize) -> Receiver<Event> {
        let (sender, receiver) = sync_channel(room);
        lock(&self.news).followers.push(sender);
        receiver
    }

    /// A camera's newest picture. Takes milliseconds of computing, at most once a second a camera.
    ///
    /// # Errors
    /// When there is no such camera, or no picture of it.
    pub fn snapshot(&self, name: &str) -> Result<Jpeg, NoPicture> {
        let pictures = {
            let cameras = lock(&self.cameras);
            let camera = cameras.iter().find(|camera| &*camera.name == name).ok_or(NoPicture::Unknown)?;
            camera.pictures.clone().ok_or(NoPicture::None)?
        };
        pictures.newest()
    }

    /// Puts up these cameras, in this order. What is known of a camera of the same name stays; alarms of one that is
    /// gone end.
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

    /// Says where a camera's pictures come from.
    pub fn set_pictures(&self, name: &str, pictures: Option<Arc<dyn Pictures>>) {
        if let Some(camera) = lock(&self.cameras).iter_mut().find(|camera| &*camera.name == name) {
            camera.pictures = pictures;
        }
    }

    /// Changes what is known of a camera; tells of it where its state is another then, and sets since when. Alarms are
    /// not changed here. False: there is no such camera.
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

    /// Takes in what was measured of a camera's frame.
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

    /// Begins an alarm; gives it its id, which is what `alarm` has of none. False: there is no such camera.
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

    /// Says that an alarm has been seen. None: there is none of that id that goes on. One that was acknowledged before
    /// stays as it is.
    pub fn acknowledge(&self, id: AlarmId) -> Option<Arc<Alarm>> {
        self.change(id, |alarm| {
            let first = alarm.acknowledged.is_none();
            alarm.acknowledged.get_or_insert_with(Moment::now);
            first.then_some(Event::AlarmAcknowledged as fn(_) -> _)
        })
    }

    /// Ends an alarm. None: there is none of that id that goes on.
    pub fn end(&self, id: AlarmId) -> Option<Arc<Alarm>> {
        self.change(id, |alarm| {
            alarm.ended = Some(Moment::now());
            Some(Event::AlarmEnded as fn(_) -> _)
        })
    }

    /// Changes an alarm that goes on, and tells of it as `change` says.
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
        // Nobody looks: then nobody misses it.
        let _ = self.subscribers.send(event);
    }
}
