// A second process, load and percentiles for the scripts beside this one.
import { spawn } from 'node:child_process'
import readline from 'node:readline'

export const now = () => Number(process.hrtime.bigint()) / 1e6 // ms, one clock for all processes

export const at = (a, share) => {
  const sorted = Float64Array.from(a).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}
export const median = a => at(a, 0.5)

/** Starts the same script again as the far side; its first line of JSON is the answer. */
export async function farSide (...args) {
  const far = spawn(process.execPath, [process.argv[1], ...args], {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  const line = await new Promise((resolve, reject) => {
    readline.createInterface({ input: far.stdout }).once('line', resolve).once('close', reject)
  })
  return { ...JSON.parse(line), kill: () => far.kill('SIGKILL') }
}

/** What a far side says once it is ready; it ends with its parent. */
export function ready (facts) {
  process.stdin.on('end', () => process.exit(0)).resume()
  console.log(JSON.stringify(facts))
}

/** Prints the figures and ends, whatever is still open. */
export function report (figures) {
  process.stdout.write(JSON.stringify(figures) + '\n', () => process.exit(0))
}

/** Keeps calls of f in flight until count are done or maxMs are over. */
export async function load (count, inFlight, f, maxMs = 6000) {
  const took = []
  let started = 0
  const begun = now()
  const one = async (_, caller) => {
    while (started < count && now() - begun < maxMs) {
      started++
      const t = now()
      await f(caller)
      took.push(now() - t)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, one))
  return {
    per_s: took.length / (now() - begun) * 1000,
    p50_ms: at(took, 0.5),
    p99_ms: at(took, 0.99),
    n: took.length
  }
}

/** Rounds of f, which returns when `bytes` have been confirmed; the first one is to warm up. */
export async function bulk (bytes, rounds, f) {
  const rates = []
  for (let round = 0; round <= rounds; round++) {
    const begun = now()
    await f()
    rates.push(bytes / 1e3 / (now() - begun))
  }
  const [cold, ...warm] = rates
  return { mb_s: median(warm), lowest: Math.min(...warm), first: cold, n: rounds }
}
