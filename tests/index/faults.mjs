/** Faults that an index shows on purpose, each for a path and a number of times. */

/**
 * Finds the first fault that applies to a request and counts its use.
 * @param {import('./index.d.mts').Fault[]} faults
 */
export function faultBook(faults) {
  const counted = (fault) => ({ fault, times: fault.times ?? Number.POSITIVE_INFINITY, spared: fault.after ?? 0 })
  const left = faults.map(counted)
  return {
    /** @param {string} method @param {string} path @returns {import('./index.d.mts').Fault | null} */
    take(method, path) {
      for (const entry of left) {
        const { fault } = entry
        const here = path.includes(fault.path ?? '/') && path.endsWith(fault.end ?? '')
        if (entry.times <= 0 || !here || (fault.method ?? method) !== method) continue
        if (entry.spared > 0) {
          entry.spared -= 1
          continue
        }
        entry.times -= 1
        return fault
      }
      return null
    },
    /** @param {import('./index.d.mts').Fault} fault */
    add(fault) {
      left.push(counted(fault))
    },
    clear() {
      left.length = 0
    },
  }
}
