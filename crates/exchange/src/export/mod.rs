//! Locks in the formats of others.

mod cyclonedx;
mod pylock;
mod requirements;

pub use cyclonedx::{Subject, cyclonedx};
pub use pylock::{is_pylock_name, pylock};
pub use requirements::{Unwritable, requirements};

use crate::Graph;
use pybun_lock::Package;
use pybun_model::MarkerTree;

/// A text in another format, and what of the lock it cannot say.
#[derive(Clone, Debug, Default)]
pub struct Exported {
    pub text: String,
    pub lost: Vec<String>,
}

/// The URL of a package as it goes into a file that is passed on.
fn passed_on(url: &str, package: &Package, lost: &mut Vec<String>) -> String {
    let (url, has_lost) = pybun_model::passed_on(url);
    if has_lost {
        lost.push(format!("the keys in the URL of {} {} are left out", package.name, package.version));
    }
    url
}

/// A package that is exported, and where it is needed.
struct Shipped<'a> {
    position: u32,
    package: &'a Package,
    marker: MarkerTree,
    /// Positions in the lock, ascending.
    needs: Vec<u32>,
}

/// What the scope reaches, in the order of the lock.
fn shipment<'a>(graph: &Graph<'a>) -> Vec<Shipped<'a>> {
    let reached = graph.reach();
    reached
        .iter()
        .map(|(position, of)| {
            let extras: Vec<_> = of.extras.iter().cloned().collect();
            let needs = graph.needs(*position, &extras).into_iter().map(|link| link.package);
            Shipped {
                position: *position,
                package: &graph.lock.packages[*position as usize],
                marker: of.marker,
                needs: needs.filter(|package| reached.contains_key(package)).collect(),
            }
        })
        .collect()
}
