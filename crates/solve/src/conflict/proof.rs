//! The proof for a program: `schemas/conflict.json` describes it.

use crate::conflict::leaf::{Asker, Bar, Leaf, World};
use pybun_lock::RootKind;
use pybun_model::MarkerTree;
use pybun_resolver::{Cause, Conflict, Node, Range, Why};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};

/// More steps than this are left out, those farthest from the contradiction first.
const MAX_STEPS: usize = 200;

pub(crate) fn json(conflict: &Conflict, world: World) -> Value {
    let kept = nearest(conflict);
    let ids: BTreeMap<usize, usize> = kept.iter().enumerate().map(|(id, place)| (*place, id)).collect();
    let steps: Vec<Value> =
        kept.iter().enumerate().map(|(id, place)| step(id, &conflict.steps[*place], &ids, world)).collect();
    json!({
        "steps": steps,
        "left_out": conflict.steps.len() - kept.len(),
        "marker": marker(conflict.environment),
        "python": world.resolver.inputs().python.to_string(),
    })
}

/// The places of the steps to tell, the contradiction first.
fn nearest(conflict: &Conflict) -> Vec<usize> {
    let mut kept = Vec::new();
    let mut seen = vec![false; conflict.steps.len()];
    let mut queue = VecDeque::from([0]);
    while let Some(place) = queue.pop_front() {
        if std::mem::replace(&mut seen[place], true) {
            continue;
        }
        if kept.len() == MAX_STEPS {
            break;
        }
        kept.push(place);
        if let Cause::Derived { causes, .. } = &conflict.steps[place] {
            queue.extend(causes);
        }
    }
    kept
}

fn step(id: usize, cause: &Cause, ids: &BTreeMap<usize, usize>, world: World) -> Value {
    let mut out = Map::from_iter([("id".to_owned(), json!(id))]);
    let mut set = |key: &str, value: Value| drop(out.insert(key.to_owned(), value));
    if let Cause::Derived { terms, causes } = cause {
        set("kind", json!("derived"));
        let terms = terms.iter().map(|term| {
            let mut of = place(&term.node, &term.range, world);
            of.insert("chosen".to_owned(), json!(term.positive));
            Value::Object(of)
        });
        set("not_all", terms.collect());
        set("because", causes.iter().map(|cause| json!(ids.get(cause))).collect());
        return Value::Object(out);
    }
    match world.leaf(cause) {
        None => set("kind", json!("project")),
        Some(Leaf::Needs { by, node, wanted, text, marker: condition }) => {
            let kind = match by {
                Asker::Root(..) | Asker::Package(..) => "requirement",
                Asker::Constraint(_) => "constraint",
                Asker::Override(_) => "override",
            };
            set("kind", json!(kind));
            set("asked_by", asker(cause, &by, world));
            set("requirement", json!(text));
            set("marker", marker(condition));
            place(&node, &wanted, world).into_iter().for_each(|(key, value)| set(&key, value));
        }
        Some(Leaf::Tie { extra, range, base, wanted }) => {
            set("kind", json!("extra"));
            let mut by = place(&extra, &range, world);
            by.insert("kind".to_owned(), json!("package"));
            set("asked_by", Value::Object(by));
            place(&base, &wanted, world).into_iter().for_each(|(key, value)| set(&key, value));
        }
        Some(Leaf::Barred { node, range, bar, .. }) => {
            set("kind", json!(kind_of(&bar)));
            place(&node, &range, world).into_iter().for_each(|(key, value)| set(&key, value));
            if let Bar::Why(why) = &bar {
                set("why", json!(why.to_string()));
            }
            if let Bar::Why(Why::NeedsPython(specifiers)) = &bar {
                set("requires_python", json!(specifiers.to_string()));
            }
        }
        Some(Leaf::Broken { why }) => {
            set("kind", json!(kind_of(&Bar::Why(why.clone()))));
            set("package", Value::Null);
            set("why", json!(why.to_string()));
        }
    }
    Value::Object(out)
}

fn asker(cause: &Cause, by: &Asker, world: World) -> Value {
    // A constraint narrows what somebody else needs.
    let Cause::Requires { from, range, .. } = cause else { return Value::Null };
    let (kind, name) = match (from, by) {
        (Node::Root, Asker::Root(RootKind::Extra(name), _)) => ("extra", Some(name.to_string())),
        (Node::Root, Asker::Root(RootKind::Group(name), _)) => ("group", Some(name.to_string())),
        (Node::Root, _) => ("project", None),
        (Node::Package(_) | Node::Extra(..), _) => {
            let mut out = place(from, range, world);
            out.insert("kind".to_owned(), json!("package"));
            return Value::Object(out);
        }
    };
    match name {
        Some(name) => json!({ "kind": kind, "name": name }),
        None => json!({ "kind": kind }),
    }
}

/// `null` stands for your own requirements.
fn place(node: &Node, range: &Range, world: World) -> Map<String, Value> {
    let (package, range) = match node {
        Node::Root => (Value::Null, String::new()),
        Node::Package(_) | Node::Extra(..) => (json!(node.to_string()), world.specifiers(node, range)),
    };
    Map::from_iter([("package".to_owned(), package), ("range".to_owned(), json!(range))])
}

fn kind_of(bar: &Bar) -> &'static str {
    match bar {
        Bar::NoVersion => "no-version",
        Bar::TooNew => "too-new",
        Bar::Prereleases => "prereleases-only",
        Bar::Why(why) => match why {
            Why::NotFound => "not-found",
            Why::Quarantined => "quarantined",
            Why::NoFiles => "no-files",
            Why::Yanked => "yanked",
            Why::TooNew => "too-new",
            Why::NoWheel => "no-wheel",
            Why::NoWheelFor(_) => "no-wheel-for",
            Why::SeveralSources { .. } => "several-sources",
            Why::OnlyWheels => "only-wheels",
            Why::OnlySource => "only-source",
            Why::NeedsPython(_) => "requires-python",
            Why::BadMetadata(_) => "bad-metadata",
            Why::NeedsUrl { .. } => "needs-url",
            Why::Impossible { .. } => "impossible",
            Why::Itself { .. } => "itself",
        },
    }
}

pub(crate) fn marker(marker: MarkerTree) -> Value {
    marker.try_to_string().map_or(Value::Null, Value::String)
}
