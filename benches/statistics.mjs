/** Order statistics of small samples, without interpolation: each figure is one that was measured. */

/** @param {number[]} values @param {number} p between 0 and 1 */
export function quantile(values, p) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN
}

/** @param {number[]} values */
export function spread(values) {
  return { min: quantile(values, 0), p50: quantile(values, 0.5), p95: quantile(values, 0.95), max: quantile(values, 1) }
}
