// SPDX-License-Identifier: MPL-2.0

//! Generates `docs/messages.md` from the code: the engine's field table, and the structures that the plugin creates.

use gst::prelude::*;
use gstonnxiqa::messages::Structured;
use gstonnxiqa::meta;
use onnx_iqa::align::FarOffset;
use onnx_iqa::align::space::Orientation;
use onnx_iqa::align::time::Ledger;
use onnx_iqa::metrics;
use onnx_iqa::model::contract::Kind;
use onnx_iqa::record::{
    Alarm, AlignmentChange, AlignmentEvent, Cure, FIELDS, Field, FieldScope, FieldType, Finding, FrameRecord, Named,
    PooledField, StreamStats, Summary, Verdict, Window,
};
use onnx_iqa::stats::Statistics;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Set to regenerate the page.
const UPDATE: &str = "ONNX_IQA_UPDATE";
const COMMAND: &str = "ONNX_IQA_UPDATE=1 cargo test --test messages_page";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_page_matches_the_code() {
    gst::init().expect("GStreamer");
    let file = repository().join("docs/messages.md");
    let page = page();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&file, &page).expect("docs can be written");
    }
    let published = std::fs::read_to_string(&file).unwrap_or_default();
    let line = published.lines().zip(page.lines()).position(|(published, page)| published != page);
    let line = line.unwrap_or_else(|| published.lines().count().min(page.lines().count())) + 1;
    assert!(
        published == page,
        "docs/messages.md differs from the code, first in line {line}. Write it anew with\n    {COMMAND}\n\
         and commit it; words that are not in a table of the code stand in plugins/onnxiqa/tests/messages_page.rs"
    );
}

/// Every kind of finding that the engine or the plugin can report is on the page.
#[test]
fn no_kind_of_finding_is_missing() {
    let mut kinds = BTreeSet::new();
    for folder in ["src/record", "plugins/onnxiqa/src"] {
        collect_kinds(&repository().join(folder), &mut kinds);
    }
    kinds.extend(metrics::MEASURES.iter().map(|measure| format!("missing-{}", measure.name)));
    let listed: BTreeSet<_> = finding_kinds().into_iter().map(|(kind, _)| kind).collect();
    let missing: Vec<_> = kinds.difference(&listed).collect();
    assert!(missing.is_empty(), "FINDINGS in plugins/onnxiqa/tests/messages_page.rs lacks {missing:?}");
    let gone: Vec<_> = listed.difference(&kinds).collect();
    assert!(gone.is_empty(), "FINDINGS in plugins/onnxiqa/tests/messages_page.rs has {gone:?}, which no code reports");
}

/// The kinds in the sources below a folder: the first argument of `Finding::new` or of a closure `finding`, and the
/// words that `Warning::finding` selects from.
fn collect_kinds(folder: &Path, kinds: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect_kinds(&path, kinds);
            continue;
        }
        if path.file_name().is_some_and(|name| name == "tests.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a source");
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let mut starts = vec!["Finding::new(", "(finding("];
        if path.ends_with("record/warning.rs") {
            starts.extend(["{ .. } =>", "(_) =>", "Self::Swapped =>"]);
        }
        for start in starts {
            let literals = text.split(start).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
            let words = literals.filter_map(|rest| rest.split('"').next());
            kinds.extend(words.filter(|word| !word.contains(' ')).map(str::to_owned));
        }
    }
}

fn page() -> String {
    let mut page = format!("{HEAD}\n");
    page += &section_of_scores();
    for part in PARTS {
        let structure = (part.example)();
        let _ = write!(page, "\n## `{}`: {}\n\n{}\n", structure.name(), part.title, part.text);
        page += &table_of(&structure, part);
    }
    page += &section_of_findings();
    page
}

// What frames carry.

fn section_of_scores() -> String {
    let mut text = String::from(SCORE);
    text += "\n| field | type | records | unit | range | |\n|---|---|---|---|---|---|\n";
    for field in FIELDS.iter() {
        // For a time, the range only limits where its percentiles are exact.
        let range = field.range.filter(|_| field.value_type != FieldType::Unsigned);
        let range = range.map(|range| format!("{} to {}", range.low, range.high));
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {} |",
            field.name,
            type_of_field(field),
            records(field),
            field.unit.unwrap_or_default(),
            range.unwrap_or_default(),
            field.description
        );
    }
    text + "\n" + SCORE_NOTES
}

fn records(field: &Field) -> &'static str {
    match field.scope {
        FieldScope::Every => "all",
        FieldScope::Of(Kind::NoReference) => "nr",
        FieldScope::Of(_) => "fr, rr",
        FieldScope::Message => "messages",
        other => panic!("no word for {other:?}"),
    }
}

/// The type in the plugin's structures; `messages/tests.rs` checks it.
fn type_of_field(field: &Field) -> &'static str {
    match field.value_type {
        FieldType::Text => "string",
        FieldType::Double => "double",
        FieldType::Unsigned => "uint64",
        FieldType::Integer => "int64",
        FieldType::Boolean => "boolean",
        FieldType::Attributes => "structure",
        FieldType::Map => "sample",
        other => panic!("no word for {other:?}"),
    }
}

// The other structures.

struct Part {
    title: &'static str,
    text: &'static str,
    /// The structure with every field that it can have.
    example: fn() -> gst::Structure,
    /// Each field's name, whether it is always present, and its description.
    fields: &'static [(&'static str, bool, &'static str)],
}

fn table_of(structure: &gst::StructureRef, part: &Part) -> String {
    let mut text = String::from("\n| field | type | always | |\n|---|---|---|---|\n");
    for (name, value) in structure.iter() {
        let known = part.fields.iter().find(|(known, ..)| *known == name.as_str());
        let (_, always, description) =
            known.unwrap_or_else(|| panic!("{} in messages_page.rs lacks the field {name}", structure.name()));
        let always = if *always { "yes" } else { "" };
        let _ = writeln!(text, "| `{name}` | {} | {always} | {description} |", type_of(value));
    }
    for (name, ..) in part.fields {
        assert!(structure.has_field(*name), "{} has no field {name}", structure.name());
    }
    text
}

fn type_of(value: &gst::glib::SendValue) -> &'static str {
    use gst::glib::Type;
    match value.type_() {
        Type::STRING => "string",
        Type::F64 => "double",
        Type::U64 => "uint64",
        Type::I64 => "int64",
        Type::BOOL => "boolean",
        other if other == gst::Structure::static_type() => "structure",
        other if other == gst::Array::static_type() => "array",
        other => panic!("no word for {other}"),
    }
}

/// An example with a value for every member: a new member of a record fails here until it has a value.
fn complete<T: std::fmt::Debug>(record: T) -> T {
    let text = format!("{record:?}");
    for nothing in ["None", "[]", "\"\""] {
        assert!(!text.contains(nothing), "a member of this example has no value: {text}");
    }
    record
}

fn pooled() -> Vec<(String, PooledField)> {
    let mut pooled = PooledField::default();
    pooled.count = Some(1);
    pooled.statistics = Statistics::NAMES.map(|name| (name.to_owned(), 1.0)).to_vec();
    vec![("FIELD".to_owned(), pooled)]
}

fn window() -> gst::Structure {
    let mut window = Window::default();
    (window.field, window.mean, window.min, window.p5) = ("score".to_owned(), Some(1.0), Some(1.0), Some(1.0));
    (window.start, window.end) = (Some(0), Some(1));
    complete(window).to_structure()
}

fn alarm() -> gst::Structure {
    let mut alarm = Alarm::default();
    alarm.field = "score".to_owned();
    complete(alarm).to_structure()
}

/// The fields of every change, in one structure.
fn alignment() -> gst::Structure {
    let changes = [
        AlignmentChange::Changed { from: 1, to: 2, confidence: 1.0 },
        AlignmentChange::Found { to: 2, confidence: 1.0 },
        AlignmentChange::Shrunk { window: 1 },
        AlignmentChange::Lost,
        AlignmentChange::NotFound,
    ];
    let mut all = gst::Structure::new_empty(AlignmentEvent::NAME);
    for change in changes {
        let mut event = AlignmentEvent::new(change);
        (event.pts, event.running_time) = (Some(0), Some(0));
        for (name, value) in complete(event).to_structure().iter() {
            all.set_value(name, value.clone());
        }
    }
    all
}

fn summary() -> gst::Structure {
    let mut summary = Summary::default();
    summary.model = Some("metaiqa".to_owned());
    summary.model_hash = summary.model.clone();
    summary.vmaf_model = summary.model.clone();
    summary.vmaf_model_hash = summary.model.clone();
    summary.kind = Some(Kind::FullReference);
    summary.ledger = Some(Ledger::default());
    summary.verdict = Some(Verdict::Partly);
    summary.findings = vec![Finding::new("kind", "a cause", Cure::Stamp)];
    summary.reasons = vec!["a cause".to_owned()];
    summary.fields = pooled();
    summary.attributes = pooled();
    complete(summary).to_structure()
}

fn stats() -> gst::Structure {
    let mut stats = StreamStats::default();
    (stats.frames, stats.ledger) = (Some(1), Some(Ledger::default()));
    (stats.mean, stats.min, stats.p5, stats.last) = (Some(1.0), Some(1.0), Some(1.0), Some(1.0));
    (stats.latency_mean, stats.latency_p99) = (Some(1), Some(1));
    complete(stats).to_structure()
}

/// With the fields of every cure.
fn finding() -> gst::Structure {
    let mut all = gst::Structure::new_empty(Finding::NAME);
    for cure in cures() {
        for (name, value) in Finding::new("kind", "a cause", cure).to_structure().iter() {
            all.set_value(name, value.clone());
        }
    }
    all
}

fn cures() -> Vec<Cure> {
    let far = FarOffset { offset: 3_400_000_000, search_range: Some(2_000_000_000), needed: 4_000_000_000 };
    vec![
        Cure::Advice("…".to_owned()),
        Cure::AnotherField { known: vec!["…".to_owned()] },
        Cure::SmallerHysteresis,
        Cure::CheckPlays,
        Cure::SearchWider,
        Cure::LookFor("…".to_owned()),
        Cure::GoByPictures,
        Cure::Turn(Orientation::Turned90),
        Cure::LookAt(far),
        Cure::OneShape { turned: true },
        Cure::OneMatrix,
        Cure::OneTransfer,
        Cure::Deinterlace,
        Cure::ScoreMore,
        Cure::Stamp,
        Cure::HoldMore("…".to_owned()),
    ]
}

fn section_of_findings() -> String {
    let mut text = String::from("\n### Cures\n\n| `cure` | its fields | as text |\n|---|---|---|\n");
    for cure in cures() {
        let words = cure.to_string();
        let structure = Finding::new("kind", "a cause", cure).to_structure();
        let name = structure.get::<String>("cure").expect("a word");
        let names = structure.fields().filter(|name| !["kind", "cause", "cure"].contains(&name.as_str()));
        let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
        let _ = writeln!(text, "| `{name}` | {} | {words} |", names.join(", "));
    }
    text += "\n### Kinds\n\n| `kind` | |\n|---|---|\n";
    for (kind, meaning) in finding_kinds() {
        let _ = writeln!(text, "| `{kind}` | {meaning} |");
    }
    text
}

fn finding_kinds() -> Vec<(String, String)> {
    let missing = metrics::MEASURES.iter().map(|measure| {
        let meaning = format!("The measure `{}` has no value for some frames; the cause says why", measure.name);
        (format!("missing-{}", measure.name), meaning)
    });
    let others = FINDINGS.iter().map(|&(kind, meaning)| (kind.to_owned(), meaning.to_owned()));
    others.chain(missing).collect()
}

#[test]
fn the_words_on_the_page_are_those_of_the_code() {
    gst::init().expect("GStreamer");
    let page = page();
    for name in [meta::NAME, FrameRecord::NAME] {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
    for &(_, verdict) in Verdict::NAMES {
        assert!(page.contains(&format!("`{verdict}`")), "{verdict}");
    }
    let long = page.lines().find(|line| !line.starts_with('|') && line.chars().count() > 120);
    assert_eq!(long, None, "a line of text has more than 120 columns");
}

// What no table of the code says.

const HEAD: &str = "\
<!-- Generated: ONNX_IQA_UPDATE=1 cargo test --test messages_page -->

# Messages and metadata

The elements report in three ways: on the frame (`IqaMeta`), on the bus (element messages and warnings) and in the
property `stats`. Every report is a `GstStructure`. A value that does not exist is an absent field, never NaN, 0 or
NULL. All times are in nanoseconds.

| structure | where | when |
|---|---|---|
| `iqa-score` | `IqaMeta` of a frame; element message | Every frame; the message only with `frame-messages=true` |
| `iqa-window` | element message | Once per window, of `window` nanoseconds of running time |
| `iqa-alarm` | element message | When an alarm is raised or clears |
| `iqa-alignment` | element message of `iqacompare` | When the alignment is found, changes, is lost or shrinks |
| `iqa-summary` | element message; EOS event | Before the EOS event is sent downstream |
| `iqa-stats` | property `stats` | Whenever the property is read |
| `iqa-finding` | details of a WARNING or ERROR; array in `iqa-summary` | Once per kind and stream |

In Python, `scores(buffer)` and `told(message)` of [examples/read_meta.py](../examples/read_meta.py) return all of this
as plain dicts. In C, read the metadata like this:

```c
GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, \"IqaMeta\");
const GValue *value = meta ? gst_structure_get_value (gst_custom_meta_get_structure (meta), \"iqascore0\") : NULL;
gdouble score;
if (value && gst_structure_get_double (gst_value_get_structure (value), \"score\", &score))
  g_print (\"%.2f\\n\", score);
```
";

const SCORE: &str = "\
## `iqa-score`: one frame

Every frame that has passed `iqascore` or `iqacompare` carries one `GstCustomMeta` named `IqaMeta`. Its structure has
one field per such element, named after the element (`iqascore0`), whose value is a structure `iqa-score`. With
`on-unmatched=skip`, `iqacompare` adds nothing to a frame without a reference frame. The metadata has no tags, so
converters, scalers, encoders and decoders copy it; `mpegtsmux`, `compositor` and deinterlacers drop it.

The column *records* says who has a field: `nr` without a reference, `fr` and `rr` with one (`iqacompare`), `messages`
only in the element message.
";

const SCORE_NOTES: &str = "\
* `state` is `scored`; `skipped` (by `interval`, `max-rate` or `mode=live`), where the fields of a score, if present,
  are those of an earlier frame and `age` is their age; `failed` (only with `on-error=continue`); or `unmatched`
  (`iqacompare` found no reference frame).
* A structure `attributes` holds a double per attribute of the model's contract. A sample `map` is a GRAY8 picture,
  0 = worst, 255 = best; logs leave it out.
* Measures appear only if the property `measures` asks for them, and only where they exist for the pair.
";

const PARTS: &[Part] = &[
    Part {
        title: "one window",
        text: "`field` is the property `alarm-field`; `mean`, `min` and `p5` are in its unit.",
        example: window,
        fields: &[
            ("scored", true, "Frames with a value of `field`"),
            ("skipped", true, "Frames without one"),
            ("field", true, "The field or attribute that the window is about"),
            ("mean", false, "Mean of the values; absent if `scored` is 0"),
            ("min", false, "Smallest value"),
            ("p5", false, "5th percentile, by nearest rank"),
            ("start", false, "Start of the window in running time; absent if none of its frames has a time stamp"),
            ("end", false, "End of the window in running time"),
        ],
    },
    Part {
        title: "an alarm is raised or clears",
        text: "Raised when a window's mean falls below `alarm-below` or rises above `alarm-above`; cleared when a mean is\n\
               `alarm-hysteresis` beyond that limit again.",
        example: alarm,
        fields: &[
            ("active", true, "Whether the alarm is raised"),
            ("mean", true, "The mean of the window that caused the change"),
            ("field", true, "The field or attribute that the alarm watches"),
        ],
    },
    Part {
        title: "the alignment changed",
        text: "Offsets are the reference's running time minus the distorted stream's: the value which, set as the property\n\
               `offset`, makes the two coincide.",
        example: alignment,
        fields: &[
            ("event", true, "`found`, `changed`, `lost`, `shrunk` or `not-found`"),
            ("to", false, "`found`, `changed`: the offset from this frame on"),
            ("from", false, "`changed`: the offset before"),
            ("confidence", false, "`found`, `changed`: how far the offset can be trusted, 0 to 1"),
            ("window", false, "`shrunk`: what is left of the search range, because `max-bytes` is reached"),
            ("pts", false, "Time stamp of the first distorted frame that this applies to"),
            ("running-time", false, "Running time of that frame"),
        ],
    },
    Part {
        title: "the whole stream",
        text: "Each field of `iqa-score` that holds a measurement, and had a value, has a structure `pool` under its own\n\
               name, here `FIELD`, with the doubles `mean`, `harmonic-mean`, `median`, `min`, `max`, `p1`, `p5`, `p10` and\n\
               (PSNR only) `of-mean-error`. Percentiles are absent where a field has no fixed range.\n\
               \n\
               The counts of a comparison add up: `distorted = matched + duplicate + unmatched` and\n\
               `reference = matched + dropped + outside`.\n\
               \n\
               The same structure travels in the EOS event, in the field `iqa-summaries`, under the element's name.",
        example: summary,
        fields: &[
            ("model", false, "The model's name, by its contract; `none` if only measures were taken"),
            ("model-hash", false, "First 12 hexadecimal digits of the SHA-256 of the model file"),
            ("vmaf-model", false, "Name of VMAF's model, if VMAF was measured"),
            ("vmaf-model-hash", false, "First 12 hexadecimal digits of the SHA-256 of that model"),
            ("kind", false, "`nr`, `fr` or `rr`"),
            ("scored", true, "Frames with a score of their own"),
            ("skipped", true, "Frames that were not selected for scoring"),
            ("failed", true, "Frames that could not be scored"),
            ("distorted", false, "`iqacompare`: distorted frames"),
            ("matched", false, "`iqacompare`: distorted frames with a partner that no other has"),
            ("duplicate", false, "`iqacompare`: distorted frames with the partner of the frame before"),
            ("unmatched", false, "`iqacompare`: distorted frames without a partner"),
            ("reference", false, "`iqacompare`: reference frames"),
            ("dropped", false, "`iqacompare`: reference frames between the first and the last pair without a partner"),
            ("outside", false, "`iqacompare`: reference frames before the first pair or after the last"),
            (
                "verdict",
                false,
                "`iqacompare`: `aligned`, `aligned-by-time` (most pairs rest on time stamps), `partly` (at most 95 % \
                 of the frames have a partner), `not-aligned` (fewer than half have one, or the pictures contradict \
                 the pairs)",
            ),
            ("reasons", false, "`iqacompare`: why the verdict is not better; an array of strings"),
            ("findings", false, "`iqacompare`: the reasons as an array of `iqa-finding`"),
            ("FIELD", false, "A structure `pool` per measurement"),
            ("attributes", false, "A structure with a structure `pool` per attribute of the model"),
        ],
    },
    Part {
        title: "the property `stats`",
        text: "Counted since READY → PAUSED. `mean`, `min`, `p5` and `last` are those of the main field: `score` \
               with a model;\nwithout one, of `iqacompare` `psnr-y` (`psnr` for RGB), or the first field that is \
               measured if `psnr` is not, and\nof `iqascore` the first of `luma-mean`, `motion` and `cambi` that \
               is measured.",
        example: stats,
        fields: &[
            ("frames", false, "`iqascore`: frames that arrived"),
            ("distorted", false, "`iqacompare`: as in `iqa-summary`, and so are the next six"),
            ("matched", false, ""),
            ("duplicate", false, ""),
            ("unmatched", false, ""),
            ("reference", false, ""),
            ("dropped", false, ""),
            ("outside", false, ""),
            ("scored", true, "Frames with a score of their own"),
            ("skipped", true, "Frames that were not selected for scoring"),
            ("failed", true, "Frames that could not be scored"),
            ("mean", false, "Mean of the main field"),
            ("min", false, "Its smallest value"),
            ("p5", false, "Its 5th percentile"),
            ("last", false, "Its latest value"),
            ("latency-mean", false, "Mean time from a frame's arrival to its score"),
            ("latency-p99", false, "99th percentile of that time"),
        ],
    },
    Part {
        title: "the details of a warning",
        text: "A WARNING or ERROR message that concerns the numbers has this structure as its details\n\
               (`gst_message_parse_warning_details()`), so that a program can react without parsing text. The message's \
               text\nis the cause, and the cure in the terms of `gst-launch-1.0`.",
        example: finding,
        fields: &[
            ("kind", true, "What it is about, a word from the table below"),
            ("cause", true, "What was found, in English"),
            ("cure", false, "What to do, a word from the table below; absent if nothing helps"),
            ("words", false, "The text in place of … in the table of cures"),
            ("known", false, "The fields that `alarm-field` can name; an array of strings"),
            ("video-direction", false, "The value of `videoflip`'s property that puts the picture upright"),
            ("offset", false, "The offset at which the pictures agree"),
            ("search-range", false, "The present search range; absent if the pictures are not searched"),
            ("needed", false, "The search range that would include the offset"),
            ("turned", false, "Whether one picture may be turned by 90°"),
        ],
    },
];

const FINDINGS: &[(&str, &str)] = &[
    ("aspect", "The display aspect ratios differ, so the distorted picture is stretched before it is compared"),
    ("by-time", "Most pairs rest on time stamps, because the pictures do not tell frames apart"),
    (
        "caution",
        "The frames are interlaced, or have a transfer function on which models are not trained (PQ, HLG, linear light)",
    ),
    ("clear-level", "The hysteresis puts the level at which the alarm clears outside the field's range"),
    ("colorimetry", "The two streams state different colorimetry, and samples are compared as stored"),
    ("contradicted", "The pictures contradict most of the pairs that time stamps have made"),
    ("depth", "One stream has 8 bits per sample and the other more"),
    ("far-offset", "The pictures agree at an offset outside the search range"),
    ("interlaced", "The frames are interlaced"),
    ("no-analytics", "`analytics-meta` has no effect: no model, or GStreamer's analytics library is missing"),
    ("no-frames", "The stream ended without a frame"),
    ("no-times", "The frames have no time stamps, which `max-rate`, windows or alarms need"),
    ("no-value", "None of the scored frames has a value of `alarm-field`"),
    ("nothing-matched", "No distorted frame found a partner"),
    ("nothing-scored", "Frames arrived, and all of them were skipped"),
    ("oriented", "The distorted picture is turned or mirrored"),
    ("partly-matched", "More than 2 % of the distorted frames have no partner, or as many reference frames are unused"),
    ("raw-outside", "All raw values lie outside `worst` and `best` of the model's contract"),
    ("standstill", "The comparison waits for one side while the other has filled `max-bytes`"),
    ("still-full-reference", "`alignment=still` with a model that expects the picture's own original"),
    ("still-unused", "`alignment=still` ignores a property that is set"),
    ("still-without-model", "`alignment=still` without a model scores nothing"),
    ("swapped", "The distorted stream has detail that the reference lacks: the two may be swapped"),
    ("transfer", "One stream is of high dynamic range and the other is not"),
    ("unknown-field", "`alarm-field` names a field that no frame can have"),
];
