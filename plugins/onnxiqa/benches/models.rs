// SPDX-License-Identifier: MPL-2.0

//! What a 1080p frame costs with each bundled model, from the first frame's arrival at the sink to the last one's, and as a multiple
//! of the default model's cost in the same run. `make bench` sets the environment.

mod common;

use anyhow::Result;
use common::{frames, median, time_pipeline, wanted};
use onnx_iqa::model::{Model, Provider, Search, contract::Kind};

/// The default of `iqascore`'s `model`.
const DEFAULT: &str = "metaiqa";

fn main() -> Result<()> {
    if wanted().is_some_and(|wanted| wanted != "models") {
        return Ok(());
    }
    gst::init()?;
    gstonnxiqa::plugin_register_static()?;
    let (caps, frames) = frames(1920, 1080, 8)?;
    let search = Search::from_env(None);
    let count = 8;
    let time = |element: &str| -> Result<f64> { Ok(time_pipeline(element, &caps, &frames, count + 1)? / count as f64) };
    for name in search.bundled() {
        let model = Model::builder(&name).search(search.clone()).provider(Provider::Cpu).open()?;
        let element = match model.contract().kind {
            Kind::NoReference => format!("iqascore model={name} provider=cpu"),
            kind => {
                let alignment = if kind == Kind::FullReference { "pts" } else { "still" };
                format!(
                    "tee name=t t. ! queue ! c.reference t. ! queue ! c.distorted \
                     iqacompare name=c model={name} provider=cpu measures=0 alignment={alignment}"
                )
            }
        };
        let (mut times, mut ratios) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            let default = time(&format!("iqascore model={DEFAULT} provider=cpu"))?;
            let ours = time(&element)?;
            times.push(ours * 1e3);
            ratios.push(ours / default);
        }
        println!(
            "{name}: {:.0} ms a frame at 1920x1080, {:.2} x {DEFAULT}'s; {:.0} to {:.0} ms",
            median(times.clone()),
            median(ratios),
            times.iter().copied().fold(f64::INFINITY, f64::min),
            times.iter().copied().fold(0.0, f64::max)
        );
    }
    Ok(())
}
