/** Core metadata (version 2.2), entry points and names of an invented distribution. */

/**
 * The METADATA (or PKG-INFO) of a release.
 * @param {string} name @param {string} version @param {import('./index.d.mts').Release} release
 */
export function metadata(name, version, release) {
  const lines = ['Metadata-Version: 2.2', `Name: ${name}`, `Version: ${version}`]
  if (release.summary) lines.push(`Summary: ${release.summary}`)
  if (release.requires_python) lines.push(`Requires-Python: ${release.requires_python}`)
  for (const extra of Object.keys(release.extras ?? {})) lines.push(`Provides-Extra: ${extra}`)
  for (const requirement of release.requires ?? []) lines.push(`Requires-Dist: ${requirement}`)
  for (const [extra, requirements] of Object.entries(release.extras ?? {})) {
    for (const requirement of requirements) lines.push(`Requires-Dist: ${forExtra(requirement, extra)}`)
  }
  return `${lines.join('\n')}\n`
}

/** The text of entry_points.txt, or null when there are none. @param {import('./index.d.mts').Release} release */
export function entryPoints(release) {
  const groups = { console_scripts: release.scripts, gui_scripts: release.gui_scripts, ...release.entry_points }
  const sections = Object.entries(groups)
    .filter(([, points]) => points && Object.keys(points).length > 0)
    .map(
      ([group, points]) =>
        `[${group}]\n${Object.entries(points ?? {})
          .map((pair) => pair.join(' = '))
          .join('\n')}\n`,
    )
  return sections.length > 0 ? sections.join('\n') : null
}

/** PEP 503. @param {string} name */
export function normalized(name) {
  return name.replace(/[-_.]+/g, '-').toLowerCase()
}

/** The form of a name in file names and modules. @param {string} name */
export function escaped(name) {
  return normalized(name).replaceAll('-', '_')
}

/** @param {string} requirement @param {string} extra */
function forExtra(requirement, extra) {
  const at = requirement.indexOf(';')
  if (at < 0) return `${requirement} ; extra == "${extra}"`
  return `${requirement.slice(0, at).trim()} ; (${requirement.slice(at + 1).trim()}) and extra == "${extra}"`
}
