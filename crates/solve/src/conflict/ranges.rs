//! Ranges as people write them: specifiers (PEP 440) that say the same of the versions that exist.

use pybun_model::{Version, VersionSpecifiers};
use pybun_resolver::Range;
use std::ops::Bound;
use std::str::FromStr;

/// More parts than this say nothing to anybody.
const MAX_PARTS: usize = 8;
const MAX_HOLES: usize = 3;

/// The specifiers that hold of the same of `versions` as `range` does: empty for all of them. What one list of
/// specifiers cannot say becomes several, joined by ` or `. Where `range` holds of no version, or none is known, it is
/// written as it is.
///
/// The solver's ranges reach up to the next version that exists (`>1.0,<3` may mean nothing but 2.0).
pub(crate) fn narrowed(range: &Range, versions: &[Version]) -> String {
    let inside: Vec<bool> = versions.iter().map(|version| range.contains(version)).collect();
    if !inside.contains(&true) {
        return stated(range);
    }
    if !inside.contains(&false) {
        return String::new();
    }
    let says_it = |text: &String| {
        let Ok(specifiers) = VersionSpecifiers::from_str(text) else { return false };
        versions.iter().zip(&inside).all(|(version, inside)| specifiers.contains(version) == *inside)
    };
    let runs = runs(&inside);
    if let Some(text) = without_holes(&runs, versions, &inside).filter(says_it) {
        return text;
    }
    let mut parts: Vec<String> = runs.iter().map(|run| segment(run, versions)).collect();
    if parts.len() > MAX_PARTS {
        parts.truncate(MAX_PARTS);
        parts.push("…".to_owned());
    }
    parts.join(" or ")
}

/// Places of the versions inside, as runs of neighbours.
fn runs(inside: &[bool]) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for place in inside.iter().enumerate().filter(|(_, inside)| **inside).map(|(place, _)| place) {
        match runs.last_mut() {
            Some(run) if run.end == place => run.end += 1,
            _ => runs.push(place..place + 1),
        }
    }
    runs
}

/// From the first to the last version inside, without a few between.
fn without_holes(runs: &[std::ops::Range<usize>], versions: &[Version], inside: &[bool]) -> Option<String> {
    let hull = runs.first()?.start..runs.last()?.end;
    let holes: Vec<&Version> =
        hull.clone().filter(|place| !inside[*place]).take(MAX_HOLES + 1).map(|place| &versions[place]).collect();
    if holes.len() > MAX_HOLES {
        return None;
    }
    let bounds = Some(segment(&hull, versions)).filter(|text| !text.is_empty());
    Some(bounds.into_iter().chain(holes.iter().map(|hole| format!("!={hole}"))).collect::<Vec<_>>().join(","))
}

fn segment(run: &std::ops::Range<usize>, versions: &[Version]) -> String {
    if run.len() == 1 {
        return format!("=={}", versions[run.start]);
    }
    let low = (run.start > 0).then(|| format!(">={}", versions[run.start]));
    let high = versions.get(run.end).map(|next| {
        let last = &versions[run.end - 1];
        // `<2.0` leaves 2.0rc1 out (PEP 440), and a pre-release is no boundary that anybody knows.
        let between = last.any_prerelease() && last.only_release() == next.only_release();
        let plain = !(between || next.any_prerelease() || next.is_local() || next.is_post());
        if plain { format!("<{next}") } else { format!("<={last}") }
    });
    low.into_iter().chain(high).collect::<Vec<_>>().join(",")
}

/// A range as specifiers, whatever versions exist. `==1.0` is a range, because it also holds the local versions of 1.0.
pub(crate) fn stated(range: &Range) -> String {
    if range.is_empty() {
        return "<0.dev0".to_owned();
    }
    let text = |(low, high): (Bound<&Version>, Bound<&Version>)| match (low, high) {
        (Bound::Included(low), Bound::Included(high) | Bound::Excluded(high))
            if low.clone().without_local() == high.clone().without_local() =>
        {
            format!("=={low}")
        }
        (low, high) => {
            let low = match low {
                Bound::Unbounded => None,
                Bound::Included(low) if !is_above_local(low) => Some(format!(">={low}")),
                Bound::Included(low) | Bound::Excluded(low) => Some(format!(">{}", low.clone().without_local())),
            };
            let high = match high {
                Bound::Unbounded => None,
                Bound::Included(high) => Some(format!("<={}", high.clone().without_local())),
                Bound::Excluded(high) if is_above_local(high) => Some(format!("<={}", high.clone().without_local())),
                Bound::Excluded(high) => Some(format!("<{high}")),
            };
            low.into_iter().chain(high).collect::<Vec<_>>().join(",")
        }
    };
    let outside = range.complement();
    if let (Some((Bound::Included(low), Bound::Included(high) | Bound::Excluded(high))), 1) =
        (outside.bounding_range(), outside.iter().count())
        && low.clone().without_local() == high.clone().without_local()
    {
        return format!("!={low}");
    }
    let mut parts: Vec<String> = range.iter().take(MAX_PARTS + 1).map(text).collect();
    if parts.len() > MAX_PARTS {
        parts.truncate(MAX_PARTS);
        parts.push("…".to_owned());
    }
    parts.join(" or ")
}

/// A bound above all local versions of its version, which no text can say.
fn is_above_local(version: &Version) -> bool {
    version.to_string().ends_with('+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(range: &str, versions: &str, expected: &str) {
        let range = range
            .split(" or ")
            .fold(Range::empty(), |all, text| all.union(&Range::from(VersionSpecifiers::from_str(text).unwrap())));
        let mut versions: Vec<Version> = versions.split(' ').map(|text| text.parse().unwrap()).collect();
        versions.sort();
        assert_eq!(narrowed(&range, &versions), expected);
    }

    #[test]
    fn says_what_holds_of_the_versions_that_exist() {
        check(">2.3.3,<3.0.1", "2.3.3 3.0.0 3.0.1", "==3.0.0");
        check(">=0", "1 2", "");
        check(">1,<4", "1 2 3 4 5", ">=2,<4");
        check("<4", "1 2 3 4 5", "<4");
        check(">1", "1 2 3", ">=2");
        check("!=2", "1 2 3", "!=2");
        check(">=2,!=3", "1 2 3 4", ">=2,!=3");
        check("<2 or >=6", "1 2 3 4 5 6 7", "==1 or >=6");
    }

    #[test]
    fn pre_releases_are_no_boundaries() {
        check("<2.0.dev0 or ==2.0rc1", "1.0 2.0rc1 2.0", "<=2.0rc1");
        check("<=1.0", "0.9 1.0 2.0rc1 2.0", "<=1.0");
        check("<2", "0.9 1.0 1.0.post1 2", "<2");
    }

    #[test]
    fn a_range_without_versions_is_as_stated() {
        check(">=7", "1 2", ">=7");
        check("==7", "1 2", "==7");
        check(">=7,<8", "1 2", ">=7,<8");
    }

    #[test]
    fn many_parts_are_cut() {
        let versions = (1..60).map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
        let odd = (1..60).step_by(2).map(|number| format!("=={number}")).collect::<Vec<_>>().join(" or ");
        check(&odd, &versions, "==1 or ==3 or ==5 or ==7 or ==9 or ==11 or ==13 or ==15 or …");
    }
}
