// SPDX-License-Identifier: MPL-2.0

//! What a 1080p frame costs with each bundled model, and how well each agrees with people.
//!
//! Given are the time from the first frame's arrival at the sink to the last one's, as a multiple of the default
//! model's in the same run too, and the processor time of all threads. Both are drawn against accuracy in `models.svg`
//! in the folder of what cargo builds, beside measures that others have benchmarked (`published.csv`). `make bench`
//! sets the environment.

mod common;

use anyhow::{Context, Result, ensure};
use common::{frames, median, run_pipeline, wanted};
use gstonnxiqa::bundled::{BUNDLED, Bundled};
use onnx_iqa_testkit::pareto::{Chart, Point, Series, front, svg};
use onnx_iqa_testkit::processor_time;
use std::path::Path;
use std::time::Instant;

/// The default of `iqascore`'s `model`.
const DEFAULT: &str = "metaiqa";
/// Measures of `iqacompare`, their SROCC on TID2013 look-alikes (`models/bpclip-fr/card.md`), and on how many pairs
/// they are timed: processor time comes in steps of 10 ms.
const MEASURES: [(&str, f64, usize); 3] = [("psnr", 0.8221, 800), ("ssim", 0.7737, 400), ("vmaf", 0.6524, 40)];
const ROUNDS: usize = 5;

/// What a frame takes, in milliseconds.
#[derive(Clone, Copy)]
struct Cost {
    elapsed: f64,
    processor: f64,
}

struct Frames {
    caps: gst::Caps,
    frames: Vec<gst::Buffer>,
}

impl Frames {
    /// Of a pipeline's first frame the loading of the model is a part: it does not count.
    fn cost(&self, element: &str, count: usize) -> Result<Cost> {
        let clock = || (Instant::now(), processor_time("self").unwrap_or(f64::NAN));
        let (first, last) = run_pipeline(element, &self.caps, &self.frames, count + 1, clock)?;
        ensure!((last.1 - first.1).is_finite(), "/proc/self/stat cannot be read: there is no processor time");
        let ms = 1e3 / count as f64;
        Ok(Cost { elapsed: (last.0 - first.0).as_secs_f64() * ms, processor: (last.1 - first.1) * ms })
    }
}

/// A pair of two equal streams before `iqacompare`.
fn pair(what: &str) -> String {
    format!(
        "tee name=t t. ! queue ! c.reference t. ! queue ! c.distorted \
         iqacompare name=c {what} provider=cpu alignment=pts"
    )
}

fn main() -> Result<()> {
    if wanted().is_some_and(|wanted| wanted != "models") {
        return Ok(());
    }
    gst::init()?;
    gstonnxiqa::plugin_register_static()?;
    let (caps, frames) = frames(1920, 1080, 8)?;
    let frames = Frames { caps, frames };
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for model in &BUNDLED {
        let Bundled { name, full_reference, srocc, .. } = *model;
        let point = Point { name: name.into(), cost: model_cost(&frames, model)?, accuracy: srocc };
        if full_reference { &mut beside } else { &mut alone }.push(point);
    }
    for (name, srocc, count) in MEASURES {
        let costs: Vec<_> =
            (0..ROUNDS).map(|_| frames.cost(&pair(&format!("measures={name}")), count)).collect::<Result<_>>()?;
        let cost = least(&costs);
        println!("{name}: {cost:.1} ms of processor time a pair at 1920x1080");
        beside.push(Point { name: name.into(), cost, accuracy: srocc });
    }
    let processor = processor_name()?;
    let measured = |points| Series {
        title: format!("measured: processor time of all threads, 1920×1080, {processor}"),
        published: false,
        points,
    };
    let published = Series {
        title: "published by pyiqa, not measured here: elapsed time, 1080×800, PyTorch, Intel Xeon Gold 6150".into(),
        published: true,
        points: published()?,
    };
    let charts = [
        Chart {
            title: "Without a reference: SROCC on LIVE Challenge, which none was trained on".into(),
            series: vec![measured(alone), published],
            accuracy: (0.3, 0.9),
        },
        Chart {
            title: "With a reference: SROCC on TID2013 look-alikes".into(),
            series: vec![measured(beside)],
            accuracy: (0.6, 1.0),
        },
    ];
    for chart in &charts {
        told(chart);
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("models.svg");
    std::fs::write(&file, svg(&charts)).with_context(|| file.display().to_string())?;
    println!("{}", file.display());
    Ok(())
}

/// Milliseconds of processor time; the rest is printed.
fn model_cost(frames: &Frames, model: &Bundled) -> Result<f64> {
    let name = model.name;
    let count = 8;
    let element = if model.full_reference {
        pair(&format!("model={name} measures=0"))
    } else {
        format!("iqascore model={name} provider=cpu")
    };
    let (mut costs, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let default = frames.cost(&format!("iqascore model={DEFAULT} provider=cpu"), count)?;
        let ours = frames.cost(&element, count)?;
        costs.push(ours);
        ratios.push(ours.elapsed / default.elapsed);
    }
    let elapsed: Vec<_> = costs.iter().map(|cost| cost.elapsed).collect();
    println!(
        "{name}: {:.0} ms a frame at 1920x1080, {:.2} x {DEFAULT}'s; {:.0} to {:.0} ms; {:.0} ms of processor time",
        median(elapsed.clone()),
        median(ratios),
        elapsed.iter().copied().fold(f64::INFINITY, f64::min),
        elapsed.iter().copied().fold(0.0, f64::max),
        least(&costs)
    );
    Ok(least(&costs))
}

/// The processor time of the round that other programs disturbed least.
fn least(costs: &[Cost]) -> f64 {
    costs.iter().map(|cost| cost.processor).fold(f64::INFINITY, f64::min)
}

/// The points of `published.csv`.
fn published() -> Result<Vec<Point>> {
    let rows = include_str!("published.csv").lines().filter(|line| !line.starts_with('#')).skip(1);
    rows.map(|row| {
        let [name, srocc, seconds] = row.split(',').collect::<Vec<_>>()[..] else {
            anyhow::bail!("published.csv: {row} has not three columns");
        };
        Ok(Point { name: name.into(), cost: 1e3 * seconds.parse::<f64>()?, accuracy: srocc.parse()? })
    })
    .collect()
}

/// A chart as a table, the cheapest first; a star marks a series' front.
fn told(chart: &Chart) {
    println!("\n{}", chart.title);
    for Series { title, points, .. } in &chart.series {
        println!("{title}");
        let (kept, mut sorted) = (front(points), points.iter().collect::<Vec<_>>());
        sorted.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        for point in sorted {
            let star = if kept.contains(&point) { "*" } else { " " };
            println!("  {star} {:22} {:9.1} ms  {:.3}", point.name, point.cost, point.accuracy);
        }
    }
}

/// As the kernel has it.
fn processor_name() -> Result<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo")?;
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    Ok(name.map_or("a processor without a name", |(_, name)| name).trim().to_owned())
}
