// SPDX-License-Identifier: MPL-2.0

//! The table of the fields of a frame's record.

use super::frame::FrameRecord;
use super::value::Value;
use crate::metrics;
use crate::model::contract::Kind;
use crate::stats::FieldRange;
use std::sync::LazyLock;

/// The type of a field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldType {
    /// Text, or one of a few words.
    Text,
    /// A floating-point number.
    Double,
    /// An integer that is not negative.
    Unsigned,
    /// An integer.
    Integer,
    /// True or false.
    Boolean,
    /// Numbers under names that the model defines.
    Attributes,
    /// A map of quality, which logs omit.
    Map,
}

/// Which records have a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldScope {
    /// All records.
    Every,
    /// Those of elements of this kind: with or without a reference.
    Of(Kind),
    /// Those in messages, but not those on frames.
    Message,
}

/// A row of [`FIELDS`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Field {
    /// Its name in metadata, messages and logs.
    pub name: &'static str,
    /// The type of its value.
    pub value_type: FieldType,
    /// Which records have it.
    pub scope: FieldScope,
    /// The limits of its values, if they hold for every model and stream; percentiles need them.
    pub range: Option<FieldRange>,
    /// Its unit, if it has one.
    pub unit: Option<&'static str>,
    /// One line for users.
    pub description: &'static str,
    place: Place,
}

/// Where a record stores a field.
#[derive(Debug, Clone, Copy)]
enum Place {
    Member {
        get: fn(&FrameRecord) -> Option<Value>,
        set: fn(&mut FrameRecord, Value) -> Result<(), Value>,
    },
    /// In [`FrameRecord::measures`].
    Measure,
}

/// The [`Place`] of a member that is an `Option`.
macro_rules! member {
    ($member:ident) => {
        Place::Member {
            get: |record| record.$member.clone().map(Value::from),
            set: |record, value| value.try_into().map(|value| record.$member = Some(value)),
        }
    };
}

const NS: Option<&str> = Some("ns");
const BIT: Option<&str> = Some("bit");
const PX: Option<&str> = Some("px");
const FR: FieldScope = FieldScope::Of(Kind::FullReference);

/// Every field of a frame's record, in the order of metadata and logs.
#[rustfmt::skip]
pub static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| {
    use FieldScope::{Every, Message};
    use FieldType::{Attributes, Boolean, Double, Integer, Map, Text, Unsigned};
    let score = Some(FieldRange::SCORE);
    let time = Some(FieldRange::TIME);
    let one = Some(FieldRange::new(0.0, 1.0));
    let mut fields = vec![
        row("model", Text, Every, None, None, "The model's name, by its contract", member!(model)),
        row("kind", Text, Every, None, None, "nr: no reference, fr: full, rr: reduced", member!(kind)),
        row("state", Text, Every, None, None, "scored, skipped, failed or unmatched", member!(state)),
        row("score", Double, Every, score, None, "0 to 100, higher is better", member!(score)),
        row("raw", Double, Every, None, None, "The model's raw output", member!(raw)),
        row("scored-pts", Unsigned, Every, None, NS, "Time stamp of the scored frame", member!(scored_pts)),
        row("age", Unsigned, Every, time, NS, "This frame's running time minus the scored frame's", member!(age)),
        row("latency", Unsigned, Every, time, NS, "Time from arrival to score", member!(latency)),
        row("alarm", Boolean, Every, None, None, "Whether the alarm was raised when the frame left", member!(alarm)),
        row("attributes", Attributes, Every, score, None, "Further outputs of the model, 0 to 100", ATTRIBUTES),
        row("map", Map, Every, None, None, "Map of quality", member!(map)),
        row("reference-pts", Unsigned, FR, None, NS, "The partner's time stamp", member!(reference_pts)),
        row("offset", Integer, FR, None, NS, "The partner's running time minus this frame's", member!(offset)),
        row("pairing", Text, FR, None, None, "matched, duplicate or unmatched", member!(pairing)),
        row("confidence", Double, FR, one, None, "How far the pairing can be trusted", member!(confidence)),
        row("evidence", Text, FR, None, None, "What the pairing rests on: picture or time", member!(evidence)),
        row("depth", Unsigned, Every, None, BIT, "Bits per measured sample", member!(depth)),
    ];
    fields.extend(measures());
    fields.extend([
        row("running-time", Unsigned, Message, None, NS, "This frame's running time", member!(running_time)),
        row("stream-time", Unsigned, Message, None, NS, "This frame's stream time", member!(stream_time)),
    ]);
    fields
});

/// The fields of measures, from their registry, and in between the results of registration, which are stored like them.
fn measures() -> impl Iterator<Item = Field> {
    let of = |measure: &metrics::MeasureInfo| measure.fields.iter().map(|field| measured(field)).collect::<Vec<_>>();
    let shift = |name, description| row(name, FieldType::Double, FR, None, PX, description, Place::Measure);
    let shifts = [
        shift("shift-x", "How far this frame lies to the right of the reference, in reference pixels"),
        shift("shift-y", "How far this frame lies below the reference, in reference pixels"),
    ];
    let with_reference = || metrics::MEASURES.iter().flat_map(of);
    let both = |name: &str| with_reference().any(|field| field.name == name);
    let no_reference = || metrics::NoReferenceMeasures::ALL.fields().map(measured);
    let alone = no_reference().filter(|field| !both(field.name));
    let alone = alone.map(|field| Field { scope: FieldScope::Of(Kind::NoReference), ..field }).collect::<Vec<_>>();
    let scope = |field: Field| match no_reference().any(|other| other.name == field.name) {
        true => Field { scope: FieldScope::Every, ..field },
        false => field,
    };
    let compared = with_reference().map(scope).collect::<Vec<_>>();
    compared.into_iter().chain(shifts).chain(of(&metrics::LUMA_FIT)).chain(alone)
}

fn measured(field: &metrics::Field) -> Field {
    let range = field.range.map(|[low, high]| FieldRange::new(low, high));
    let unit = Some(field.unit).filter(|unit| !unit.is_empty());
    row(field.name, FieldType::Double, FR, range, unit, field.description, Place::Measure)
}

fn row(
    name: &'static str,
    value_type: FieldType,
    scope: FieldScope,
    range: Option<FieldRange>,
    unit: Option<&'static str>,
    description: &'static str,
    place: Place,
) -> Field {
    Field { name, value_type, scope, range, unit, description, place }
}

const ATTRIBUTES: Place = Place::Member {
    get: |record| {
        let values = || record.attributes.iter().map(|(name, value)| (name.clone(), Value::Double(*value))).collect();
        (!record.attributes.is_empty()).then(|| Value::Values(values()))
    },
    set: |record, value| {
        let Value::Values(values) = &value else { return Err(value) };
        let numbers = values.iter().map(|(name, value)| Ok((name.clone(), f64::try_from(value.clone())?)));
        let Ok(numbers) = numbers.collect::<Result<Vec<_>, Value>>() else { return Err(value) };
        record.attributes = numbers.into_iter().filter(|(_, number)| number.is_finite()).collect();
        Ok(())
    },
};

impl Field {
    /// Whether records contain it only on request: what is measured without a reference.
    pub(super) fn is_extra(&self, kind: Option<Kind>) -> bool {
        kind == Some(Kind::NoReference) && (matches!(self.place, Place::Measure) || self.name == "depth")
    }

    /// The row of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|field| field.name == name)
    }

    /// The field's value in a record, if it has one.
    #[must_use]
    pub fn get(&self, record: &FrameRecord) -> Option<Value> {
        match self.place {
            Place::Member { get, .. } => get(record),
            Place::Measure => record.measures.iter().find(|(name, _)| *name == self.name).map(|&(_, v)| v.into()),
        }
    }

    /// The field's value in a record, if it has one and is a [`FieldType::Double`].
    #[must_use]
    pub fn number(&self, record: &FrameRecord) -> Option<f64> {
        if self.value_type != FieldType::Double {
            return None;
        }
        self.get(record)?.try_into().ok()
    }

    /// Sets the field in a record. NaN and infinities are ignored.
    ///
    /// # Errors
    /// Returns a value that the field cannot have.
    pub fn set(&self, record: &mut FrameRecord, value: Value) -> Result<(), Value> {
        if matches!(value, Value::Double(value) if !value.is_finite()) {
            return Ok(());
        }
        match self.place {
            Place::Member { set, .. } => set(record, value),
            Place::Measure => {
                let number = f64::try_from(value)?;
                match record.measures.iter_mut().find(|(name, _)| *name == self.name) {
                    Some((_, place)) => *place = number,
                    None => record.measures.push((self.name, number)),
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_row_leads_to_a_place_of_its_own() {
        for (index, field) in FIELDS.iter().enumerate() {
            assert!(FIELDS.iter().skip(index + 1).all(|other| other.name != field.name), "{}", field.name);
            let mut record = FrameRecord::default();
            field.set(&mut record, example(field)).unwrap_or_else(|value| panic!("{}: {value:?}", field.name));
            let set: Vec<_> = record.fields().map(|(name, value)| (name.to_owned(), value)).collect();
            assert_eq!(set, [(field.name.to_owned(), example(field))]);
            assert_eq!(Field::named(field.name).map(|found| found.name), Some(field.name));
        }
    }

    /// A value that the field can have.
    fn example(field: &Field) -> Value {
        match (field.name, field.value_type) {
            ("kind", _) => "fr".into(),
            ("state", _) => "unmatched".into(),
            ("pairing", _) => "duplicate".into(),
            ("evidence", _) => "time".into(),
            (_, FieldType::Text) => "a model".into(),
            (_, FieldType::Double) => 0.25.into(),
            (_, FieldType::Unsigned) => 7u64.into(),
            (_, FieldType::Integer) => (-7i64).into(),
            (_, FieldType::Boolean) => true.into(),
            (_, FieldType::Attributes) => Value::Values(vec![("noise".into(), 4.5.into())]),
            (_, FieldType::Map) => Value::Map(crate::scorer::Map { width: 2, height: 1, data: vec![0, 255] }.into()),
        }
    }

    #[test]
    fn what_is_not_known_or_has_another_type_is_kept_beside() {
        let mut record = FrameRecord::default();
        record.set("score", "high".into());
        record.set("vif", 93.5.into());
        record.set("vif", 94.0.into());
        record.set("state", "dreaming".into());
        record.set("raw", f64::NAN.into());
        record.set("attributes", Value::Values(vec![("noise".into(), "much".into())]));
        assert_eq!((record.score, record.state, record.raw), (None, None, None));
        assert!(record.attributes.is_empty());
        let names: Vec<_> = record.fields().map(|(name, _)| name).collect();
        assert_eq!(names, ["score", "vif", "state", "attributes"]);
        assert_eq!(record.numbers().collect::<Vec<_>>(), [("vif", 94.0)]);
    }

    #[test]
    fn the_order_is_that_of_logs_and_metas() {
        let names: Vec<_> = FIELDS.iter().map(|field| field.name).collect();
        assert_eq!(
            names.join(" "),
            "model kind state score raw scored-pts age latency alarm attributes map reference-pts offset pairing confidence evidence depth \
             psnr-y psnr-cb psnr-cr psnr ssim ms-ssim float-ssim vmaf cambi shift-x shift-y gain bias \
             luma-mean luma-deviation motion running-time stream-time"
        );
    }

    #[test]
    fn the_age_of_a_score_that_is_carried_comes_last() {
        let mut record = FrameRecord { score: Some(50.0), age: Some(3), latency: Some(5), ..FrameRecord::default() };
        record.attributes = vec![("noise".into(), 4.5)];
        let names =
            |record: &FrameRecord| record.fields().map(|(name, _)| name.to_owned()).collect::<Vec<_>>().join(" ");
        record.set("state", "scored".into());
        assert_eq!(names(&record), "state score age latency attributes");
        record.set("state", "skipped".into());
        assert_eq!(names(&record), "state score latency attributes age");
    }

    #[test]
    fn a_value_to_look_at_is_a_number_or_an_attribute() {
        let mut record = FrameRecord { score: Some(50.0), latency: Some(5), ..FrameRecord::default() };
        record.attributes = vec![("noise".into(), 4.5), ("score".into(), 1.0)];
        record.measures = vec![("ssim", 0.5)];
        let values = ["score", "noise", "ssim", "latency", "psnr"].map(|name| record.value(name));
        assert_eq!(values, [Some(50.0), Some(4.5), Some(0.5), None, None]);
    }
}
