//! What a lock says about who needs what.

use crate::answer::{Outcome, one, text};
use crate::lock::kind;
use crate::resolve::{bad_name, package_name};
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use pybun_exchange::{Branch, Chain, Direction, Graph, Item, Scope, TreeWish};
use pybun_lock::{Lock, RootKind};
use pybun_model::PackageName;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Which part of a lock is looked at.
#[derive(Deserialize)]
pub(crate) struct ScopeWire {
    /// Every root of the lock when `None`.
    roots: Option<Vec<RootWire>>,
    /// The interpreter for which markers are evaluated; `None`: for all that the lock is for.
    python: Option<String>,
    project: Option<String>,
    /// Every root counts, also those that exclude each other.
    #[serde(default)]
    one_by_one: bool,
    cwd: PathBuf,
    cache_dir: PathBuf,
}

#[derive(Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum RootWire {
    Project,
    Extra { name: String },
    Group { name: String },
}

#[derive(Deserialize)]
struct TreeWire {
    scope: ScopeWire,
    depth: Option<usize>,
    invert: bool,
    packages: Vec<String>,
}

#[derive(Deserialize)]
struct WhyWire {
    scope: ScopeWire,
    name: String,
}

#[napi(catch_unwind)]
pub fn lock_tree(request: String, lock: Buffer) -> napi::Result<String> {
    with_lock(&request, &lock, |wire: TreeWire, lock| {
        let scope = wire.scope.scope(lock)?;
        let wish = TreeWish {
            depth: wire.depth,
            direction: if wire.invert { Direction::NeededBy } else { Direction::Needs },
            packages: wire.packages.iter().map(|name| package_name(name)).collect::<Result<_, _>>()?,
        };
        let trees = |graph: &Graph| -> Vec<Value> {
            pybun_exchange::tree(graph, &wish).iter().map(|branch| branch_json(graph, branch)).collect()
        };
        Graph::look(lock, &scope, |graph| json!({ "trees": trees(graph) })).map_err(|problem| vec![problem])
    })
}

#[napi(catch_unwind)]
pub fn lock_why(request: String, lock: Buffer) -> napi::Result<String> {
    with_lock(&request, &lock, |wire: WhyWire, lock| {
        let scope = wire.scope.scope(lock)?;
        let name = package_name(&wire.name)?;
        let versions: Vec<String> = lock
            .packages
            .iter()
            .filter(|package| package.name == name)
            .map(|package| package.version.to_string())
            .collect();
        let mut names: Vec<&PackageName> = lock.packages.iter().map(|package| &package.name).collect();
        names.dedup();
        Graph::look(lock, &scope, |graph| {
            let found = pybun_exchange::why(graph, &name);
            json!({
                "name": name,
                "versions": versions,
                "known": if versions.is_empty() { names } else { Vec::new() },
                "more": found.more,
                "chains": found.chains.iter().map(|chain| chain_json(graph, chain)).collect::<Vec<_>>(),
            })
        })
        .map_err(|problem| vec![problem])
    })
}

fn chain_json(graph: &Graph, chain: &Chain) -> Value {
    let (root_kind, root) = kind(&chain.root);
    let steps = chain.steps.iter().map(|step| {
        let package = &graph.lock.packages[step.package as usize];
        json!({
            "name": package.name,
            "version": package.version.to_string(),
            "extras": step.extras,
            "because_of_extra": step.because_of,
            "marker": graph.text(step.marker).as_deref(),
        })
    });
    json!({
        "root": { "kind": root_kind, "name": root },
        "requirement": chain.requirement,
        "steps": steps.collect::<Vec<_>>(),
    })
}

/// Reads the request and the lock, does the work, writes the answer.
pub(crate) fn with_lock<Q: DeserializeOwned>(
    request: &str,
    lock: &[u8],
    work: impl FnOnce(Q, &Lock) -> Outcome,
) -> napi::Result<String> {
    let wire: Q = serde_json::from_str(request).map_err(|error| napi::Error::from_reason(error.to_string()))?;
    Ok(text(pybun_lock::decode(lock).map_err(one).and_then(|lock| work(wire, &lock))))
}

impl ScopeWire {
    pub(crate) fn scope(&self, lock: &Lock) -> Outcome<Scope> {
        let environment = self.python.as_deref().map(|python| {
            let search = crate::python::search(self.cwd.clone(), self.cache_dir.clone());
            let wanted = pybun_python::Wanted { request: Some(python), ..Default::default() };
            pybun_python::choose(&search, wanted).map(|choice| choice.interpreter.markers).map_err(one)
        });
        let roots = match &self.roots {
            None => lock.inputs.roots.iter().map(|root| root.kind.clone()).collect(),
            Some(roots) => roots.iter().map(RootWire::kind).collect::<Result<_, _>>()?,
        };
        Ok(Scope {
            roots,
            environment: environment.transpose()?,
            project: self.project.as_deref().and_then(|name| name.parse().ok()),
            one_by_one: self.one_by_one,
        })
    }
}

impl RootWire {
    fn kind(&self) -> Outcome<RootKind> {
        Ok(match self {
            Self::Project => RootKind::Project,
            Self::Extra { name } => RootKind::Extra(name.parse().map_err(|_| vec![bad_name(name)])?),
            Self::Group { name } => RootKind::Group(name.parse().map_err(|_| vec![bad_name(name)])?),
        })
    }
}

fn branch_json(graph: &Graph, branch: &Branch) -> Value {
    let (of, name, version, extras, requirement) = match &branch.item {
        Item::Root(root) => {
            let (of, name) = kind(root);
            (of, name, None, Vec::new(), None)
        }
        Item::Package { package, extras, requirement } => {
            let package = &graph.lock.packages[*package as usize];
            let version = Some(package.version.to_string());
            ("package", Some(package.name.to_string()), version, extras.clone(), requirement.clone())
        }
    };
    let mut out = json!({
        "kind": of,
        "name": name,
        "version": version,
        "extras": extras,
        "requirement": requirement,
        "marker": graph.text(branch.marker).as_deref(),
        "because_of_extra": branch.because_of,
        "cycle": branch.cycle,
        "repeated": branch.repeated,
        "cut": branch.cut,
    });
    // Not in the macro, which copies what it is given, and that once for each level.
    out["below"] = Value::Array(branch.below.iter().map(|below| branch_json(graph, below)).collect());
    out
}
