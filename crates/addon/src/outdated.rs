//! What a lock holds against what the index offers.

use crate::answer::{Answer, OnEvent, Outcome, answer_later, emitter, one};
use crate::lock::kind;
use crate::resolve::ResolveWire;
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use pybun_exchange::{Holder, Outdated, Pages};
use pybun_lock::{Lock, Source as From};
use pybun_model::{Distribution, IndexFile, PackageName, Problem, ProjectPage, Requirement};
use pybun_solve::{Source, Upgrade};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Resolves anew without keeping a version, in memory, and compares. `request` is as for `resolve`.
#[napi]
pub async fn lock_outdated(request: String, lock: Buffer, on_event: OnEvent) -> napi::Result<Answer> {
    let (bytes, emit) = (lock.to_vec(), emitter(on_event));
    answer_later(request, move |wire: ResolveWire| async move {
        let old = pybun_lock::decode(&bytes).map_err(one)?;
        let supply = wire.settings.supply(&wire.python, emit)?;
        let mut request = wire.request(&supply)?;
        request.upgrade = Upgrade::Everything;
        let emit = supply.emit().clone();
        let source: Arc<dyn Source> = Arc::new(supply);
        let new = pybun_solve::solve(&request, source.clone(), &*emit).await.map_err(|problem| vec![problem])?;
        let pages = pages_of(&source, &[&old, &new]).await?;
        let mut rows = pybun_exchange::outdated(&old, &new, &pages);
        for (package, requires) in requirements_of(&source, &rows, &new, &pages).await {
            pybun_exchange::held_by_package(&mut rows, &new, package, &requires);
        }
        Ok((json!({ "packages": rows.iter().map(row).collect::<Vec<_>>() }), None))
    })
    .await
}

type Asked = (PackageName, Result<Option<Arc<ProjectPage>>, Problem>);

/// The pages of everything that comes from an index. A project that is on none any more has no page.
pub(crate) async fn pages_of(source: &Arc<dyn Source>, locks: &[&Lock]) -> Outcome<Pages> {
    let packages = locks.iter().flat_map(|lock| &lock.packages);
    let indexed = packages.filter(|package| matches!(package.source, From::Index { .. }));
    let names: BTreeSet<PackageName> = indexed.map(|package| package.name.clone()).collect();
    let mut open: JoinSet<Asked> = JoinSet::new();
    for name in names {
        let source = source.clone();
        open.spawn(async move { (name.clone(), source.page(&name).await) });
    }
    // By name, so that the same failure is told each time.
    let mut answers: Vec<Asked> = Vec::new();
    while let Some(done) = open.join_next().await {
        answers.push(done.expect("asking for a page does not panic"));
    }
    answers.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut pages = Pages::default();
    let mut problems = Vec::new();
    for (name, answer) in answers {
        match answer {
            Ok(page) => pages.extend(page.map(|page| (name, page))),
            Err(problem) => problems.push(problem),
        }
    }
    Problem::all_of_first(problems).map_or(Ok(pages), |problem| Err(vec![problem]))
}

/// What the packages require that may hold others back, from their wheels: the resolution has just read them. One
/// that cannot be read only leaves a reason untold.
async fn requirements_of(
    source: &Arc<dyn Source>,
    rows: &[Outdated],
    new: &Lock,
    pages: &Pages,
) -> Vec<(u32, Vec<Requirement>)> {
    let mut open: JoinSet<Option<(u32, Vec<Requirement>)>> = JoinSet::new();
    for position in pybun_exchange::deciders(rows, new) {
        let package = &new.packages[position as usize];
        let wheel = |file: &&IndexFile| matches!(file.distribution, Distribution::Wheel(_));
        let page = pages.get(&package.name);
        let Some(file) = page.and_then(|page| page.files.of(&package.version).find(wheel)).cloned() else {
            continue;
        };
        let source = source.clone();
        open.spawn(async move { Some((position, source.metadata(&file).await.ok()?.requires_dist)) });
    }
    let mut out = Vec::new();
    while let Some(done) = open.join_next().await {
        out.extend(done.ok().flatten());
    }
    out.sort_by_key(|(position, _)| *position);
    out
}

fn row(row: &Outdated) -> Value {
    json!({
        "name": row.name,
        "current": row.current.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "in_range": row.in_range.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "newest": row.newest.to_string(),
        "required_by": row.required_by.iter().map(|root| {
            let (kind, name) = kind(root);
            json!({ "kind": kind, "name": name })
        }).collect::<Vec<_>>(),
        "yanked": row.yanked,
        "status": row.status,
        "held_back_by": row.held_back.iter().map(holder).collect::<Vec<_>>(),
    })
}

fn holder(holder: &Holder) -> Value {
    match holder {
        Holder::Root { kind: root, requirement } => {
            let (kind, name) = kind(root);
            json!({ "kind": kind, "name": name, "version": null, "requirement": requirement })
        }
        Holder::Package { name, version, requirement } => {
            json!({ "kind": "package", "name": name, "version": version.to_string(), "requirement": requirement })
        }
        Holder::Constraint { requirement } => {
            json!({ "kind": "constraint", "name": null, "version": null, "requirement": requirement })
        }
        Holder::Override { requirement } => {
            json!({ "kind": "override", "name": null, "version": null, "requirement": requirement })
        }
        Holder::Python { wanted, project } => {
            let requirement = format!("python {wanted}");
            json!({ "kind": "python", "name": null, "version": project, "requirement": requirement })
        }
    }
}
