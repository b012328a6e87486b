const RUNS = 3

/**
 * CPU of this process per message, in us: the median of some runs is the caller's to take.
 * @param {number} messages
 * @param {() => Promise<void>} work
 */
export async function cpuOf(messages, work) {
  globalThis.gc?.()
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / messages
}

/**
 * The median of a few runs, each from scratch.
 * @param {() => Promise<number>} run
 */
export async function median(run) {
  const values = []
  for (let at = 0; at < RUNS; at++) values.push(await run())
  return values.sort((a, b) => a - b)[RUNS >> 1] ?? Number.NaN
}

/**
 * @param {string} title
 * @param {{ job: string, bare: number, client: number }[]} rows
 */
export function table(title, rows) {
  console.log(`\n${title}`)
  console.log(
    `${'job'.padEnd(32)}${'bare'.padStart(8)}${'client'.padStart(8)}${'added'.padStart(8)}${'ratio'.padStart(8)}`,
  )
  for (const { job, bare, client } of rows) {
    const figures = [bare, client, client - bare, client / bare].map((figure) => figure.toFixed(2).padStart(8))
    console.log(`${job.padEnd(32)}${figures.join('')}`)
  }
}
