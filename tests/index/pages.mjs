/** Project pages as bytes: PEP 691 JSON, PEP 503 HTML, and the choice between them. */

export const JSON_TYPE = 'application/vnd.pypi.simple.v1+json'
export const HTML_TYPE = 'application/vnd.pypi.simple.v1+html'

/**
 * The best of JSON and HTML for an Accept header, by quality and then by order of the header.
 * @param {string | undefined} accept
 * @param {{json: boolean}} offers
 */
export function chooseType(accept, offers) {
  const offered = [...(offers.json ? [JSON_TYPE] : []), HTML_TYPE, 'text/html']
  const wanted = (accept ?? '*/*').split(',').map((part, order) => {
    const [type = '', ...parameters] = part.trim().split(';')
    const quality = parameters.map((text) => text.trim()).find((text) => text.startsWith('q='))
    return { type: type.trim().toLowerCase(), quality: quality ? Number(quality.slice(2)) : 1, order }
  })
  wanted.sort((a, b) => b.quality - a.quality || a.order - b.order)
  for (const { type } of wanted) {
    if (type === '*/*') return 'text/html'
    if (offered.includes(type)) return type
  }
  return 'text/html'
}

/**
 * @param {import('./index.d.mts').Page} page
 * @param {{type: string, filesUrl: string, metadata: boolean}} how `filesUrl` ends in a slash
 */
export function renderPage(page, { type, filesUrl, metadata }) {
  const files = page.files.map((file) => {
    const { 'core-metadata': core, 'dist-info-metadata': _, ...rest } = file
    const url = `${filesUrl}${storagePath(file.url)}${encodeURIComponent(file.filename)}`
    return { ...rest, url, ...(metadata && core ? { 'core-metadata': core } : {}) }
  })
  if (type !== JSON_TYPE) return renderHtml(page, files)
  const status = page.status ? { 'project-status': { status: page.status } } : {}
  const meta = { 'api-version': page.status ? '1.4' : '1.1' }
  return JSON.stringify({ meta, name: page.name, versions: page.versions ?? [], files, ...status })
}

/**
 * The directory in which the software of the public index keeps a recorded file: a client may know it beforehand.
 * @param {string} [url]
 */
function storagePath(url = '') {
  return STORAGE.exec(new URL(url, 'http://index').pathname)?.[1] ?? ''
}

export const STORAGE = /^\/(packages\/[0-9a-f]{2}\/[0-9a-f]{2}\/[0-9a-f]{60}\/)/

/** @param {string[]} names @param {string} type */
export function renderList(names, type) {
  if (type === JSON_TYPE) {
    return JSON.stringify({ meta: { 'api-version': '1.1' }, projects: names.map((name) => ({ name })) })
  }
  return document(
    'Simple index',
    names.map((name) => `<a href="${name}/">${name}</a><br>`),
  )
}

function renderHtml(page, files) {
  const links = files.map((file) => {
    const hash = file.hashes.sha256 ? `#sha256=${file.hashes.sha256}` : ''
    const attributes = [`href="${escapeHtml(file.url + hash)}"`]
    if (file['requires-python']) attributes.push(`data-requires-python="${escapeHtml(file['requires-python'])}"`)
    if (file.yanked) attributes.push(`data-yanked="${escapeHtml(file.yanked === true ? '' : file.yanked)}"`)
    const core = file['core-metadata']
    if (core) {
      const value = core === true ? 'true' : `sha256=${core.sha256}`
      attributes.push(`data-core-metadata="${value}"`, `data-dist-info-metadata="${value}"`)
    }
    return `<a ${attributes.join(' ')}>${escapeHtml(file.filename)}</a><br>`
  })
  const status = page.status ? `<meta name="pypi:project-status" content="${escapeHtml(page.status)}">` : ''
  return document(`Links for ${page.name}`, links, status)
}

/** @param {string} title @param {string[]} lines */
function document(title, lines, more = '') {
  const head = `<meta name="pypi:repository-version" content="1.1">${more}<title>${title}</title>`
  return `<!DOCTYPE html>\n<html>\n<head>${head}</head>\n<body>\n<h1>${title}</h1>\n${lines.join('\n')}\n</body>\n</html>\n`
}

/** @param {string} text */
function escapeHtml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
