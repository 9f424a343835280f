/** Between the programs and the index. */

/** @param {number} latency of `near` @returns {Record<'fast' | 'near' | 'line', {latencyMs: number, linkBandwidth: number}>} */
export function networks(latency) {
  return {
    /** An index on the same machine, or a mirror beside it. */
    fast: { latencyMs: 0, linkBandwidth: 0 },
    near: { latencyMs: latency, linkBandwidth: 0 },
    /** A home or an office: 20 ms, 100 Mbit/s shared by all connections. */
    line: { latencyMs: 20, linkBandwidth: 12_500_000 },
  }
}

export const NETWORKS = networks(20)
