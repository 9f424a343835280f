/** Faults that an index shows on purpose, each for a path and a number of times. */

/**
 * Finds the first fault that applies to a request and counts its use.
 * @param {import('./index.d.mts').Fault[]} faults
 */
export function faultBook(faults) {
  const left = faults.map((fault) => ({ fault, times: fault.times ?? Number.POSITIVE_INFINITY }))
  return {
    /** @param {string} method @param {string} path @returns {import('./index.d.mts').Fault | null} */
    take(method, path) {
      const found = left.find(
        ({ fault, times }) => times > 0 && path.includes(fault.path ?? '/') && (fault.method ?? method) === method,
      )
      if (!found) return null
      found.times -= 1
      return found.fault
    },
    /** @param {import('./index.d.mts').Fault} fault */
    add(fault) {
      left.push({ fault, times: fault.times ?? Number.POSITIVE_INFINITY })
    },
    clear() {
      left.length = 0
    },
  }
}
