//! The one form in which results cross to TypeScript.

use napi::bindgen_prelude::Buffer;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use pybun_model::{Event, Phase, Problem, Unit};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The answer of an export that also gives bytes.
#[napi(object)]
pub struct Answer {
    pub json: String,
    pub bytes: Option<Buffer>,
}

pub(crate) type Outcome<T = Value> = Result<T, Vec<Problem>>;

/// Reads the request, does the work, writes the answer.
pub(crate) fn answer<Q: DeserializeOwned>(request: &str, work: impl FnOnce(Q) -> Outcome) -> napi::Result<String> {
    Ok(text(work(read(request)?)))
}

/// The same for work that gives bytes, or none.
pub(crate) fn answer_bytes<Q: DeserializeOwned>(
    request: &str,
    work: impl FnOnce(Q) -> Outcome<Option<Vec<u8>>>,
) -> napi::Result<Answer> {
    Ok(match work(read(request)?) {
        Ok(bytes) => Answer { json: text(Ok(Value::Null)), bytes: bytes.map(Buffer::from) },
        Err(problems) => Answer { json: text(Err(problems)), bytes: None },
    })
}

/// The same for work that has something to warn of.
pub(crate) fn answer_warning<Q: DeserializeOwned>(
    request: &str,
    work: impl FnOnce(Q) -> Outcome<(Value, Vec<Problem>)>,
) -> napi::Result<String> {
    Ok(match work(read(request)?) {
        Ok((value, warnings)) => {
            let warnings = warnings.iter().map(problem_json).collect::<Vec<_>>();
            json!({ "ok": true, "value": value, "warnings": warnings }).to_string()
        }
        Err(problems) => text(Err(problems)),
    })
}

/// The same for work that waits. A panic inside becomes an error that Node can throw.
pub(crate) async fn answer_later<Q, F>(request: String, work: impl FnOnce(Q) -> F) -> napi::Result<Answer>
where
    Q: DeserializeOwned,
    F: Future<Output = Outcome<(Value, Option<Vec<u8>>)>> + Send + 'static,
{
    let done =
        tokio::spawn(work(read(&request)?)).await.map_err(|error| napi::Error::from_reason(error.to_string()))?;
    Ok(match done {
        Ok((value, bytes)) => Answer { json: text(Ok(value)), bytes: bytes.map(Buffer::from) },
        Err(problems) => Answer { json: text(Err(problems)), bytes: None },
    })
}

/// The request came from our own TypeScript, so that one which does not fit is a fault of ours.
fn read<Q: DeserializeOwned>(request: &str) -> napi::Result<Q> {
    serde_json::from_str(request).map_err(|error| napi::Error::from_reason(format!("a request does not fit: {error}")))
}

pub(crate) fn text(outcome: Outcome) -> String {
    match outcome {
        Ok(value) => json!({ "ok": true, "value": value }).to_string(),
        Err(problems) => {
            json!({ "ok": false, "problems": problems.iter().map(problem_json).collect::<Vec<_>>() }).to_string()
        }
    }
}

/// For `map_err`: one error of any crate.
pub(crate) fn one<E>(error: E) -> Vec<Problem>
where
    for<'a> Problem: From<&'a E>,
{
    vec![Problem::from(&error)]
}

/// For `map_err`: several.
pub(crate) fn all<E>(errors: Vec<E>) -> Vec<Problem>
where
    for<'a> Problem: From<&'a E>,
{
    errors.iter().map(Problem::from).collect()
}

pub(crate) fn problem_json(problem: &Problem) -> Value {
    let mut out = Map::new();
    out.insert("code".into(), problem.code.into());
    out.insert("message".into(), problem.message.as_str().into());
    if let Some(hint) = &problem.hint {
        out.insert("hint".into(), hint.as_str().into());
    }
    if let Some(fix) = &problem.fix {
        out.insert("fix".into(), json!({ "command": fix.command, "safety": fix.safety.as_str() }));
    }
    if !problem.context.is_empty() {
        out.insert("context".into(), Value::Object(problem.context.clone()));
    }
    Value::Object(out)
}

pub(crate) type OnEvent = ThreadsafeFunction<String, (), String, napi::Status, false>;

/// Passes events on to JavaScript, progress at most every 20 ms of each phase: a terminal shows no more, and
/// each crossing costs the main thread time.
pub(crate) fn emitter(on_event: OnEvent) -> Arc<dyn Fn(Event) + Send + Sync> {
    let last: Mutex<[Option<Instant>; 4]> = Mutex::new([None; 4]);
    Arc::new(move |event| {
        if let Event::Progress { phase, done, total, .. } = &event {
            let mut last = last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let slot = &mut last[*phase as usize];
            let recent = slot.is_some_and(|at| at.elapsed() < Duration::from_millis(20));
            if recent && Some(*done) != *total {
                return;
            }
            *slot = Some(Instant::now());
        }
        // A closing Node no longer takes events, and nobody reads them back.
        let _ = on_event.call(event_json(&event), ThreadsafeFunctionCallMode::NonBlocking);
    })
}

fn event_json(event: &Event) -> String {
    match event {
        Event::Progress { phase, name, done, total, unit } => {
            let phase = match phase {
                Phase::Resolve => "resolve",
                Phase::Download => "download",
                Phase::Build => "build",
                Phase::Link => "link",
            };
            let unit = match unit {
                Unit::Packages => "packages",
                Unit::Bytes => "bytes",
                Unit::Files => "files",
            };
            json!({ "kind": "progress", "phase": phase, "name": name, "done": done, "total": total, "unit": unit })
        }
        Event::Note { code, message } => json!({ "kind": "note", "code": code, "message": message }),
        Event::Warning(problem) => json!({ "kind": "warning", "problem": problem_json(problem) }),
    }
    .to_string()
}

/// All values, or the problems of all that failed.
pub(crate) fn all_of<T>(outcomes: impl Iterator<Item = Outcome<T>>) -> Outcome<Vec<T>> {
    let mut values = Vec::new();
    let mut problems = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(value) => values.push(value),
            Err(more) => problems.extend(more),
        }
    }
    if problems.is_empty() { Ok(values) } else { Err(problems) }
}
