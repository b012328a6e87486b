import { act, judge, loaded, prepare } from './rounds.mjs'

/** @typedef {import('./rounds.mjs').Cast} Cast */
/** @typedef {import('./rounds.mjs').Result} Result */
/** @typedef {import('./rounds.mjs').Scenario} Scenario */
/** @typedef {{ readonly scenario: Scenario, readonly round: number }} Turn */

/**
 * Rounds one after the other. While a round's programs are under load and nothing has been done to a site yet, the one before is
 * judged and the programs of the one after are loaded; neither goes on when the fault comes.
 * @param {import('./scene.mjs').Scene} scene @param {readonly Turn[]} turns @param {import('./options.mjs').Options} options
 * @param {{ random: () => number, tell: (result: Result) => Promise<void> }} how `tell` hears of each in their order
 */
export async function playAll(scene, turns, options, { random, tell }) {
  /** Not over yet; three at most. @type {Set<Cast>} */
  const casts = new Set()
  /** @param {Turn | undefined} turn */
  const cast = async (turn) => {
    if (turn === undefined) return
    const made = await prepare(scene, turn.scenario, options, turn.round)
    casts.add(made)
    await loaded(made)
    return made
  }
  let judged = Promise.resolve()
  try {
    let next = cast(turns[0])
    for (const [index] of turns.entries()) {
      const now = await next
      if (now === undefined) return
      const before = judged
      const calm = () => {
        next = cast(turns[index + 1])
        return Promise.all([before, next])
      }
      const blow = await act(now, scene, options, { calm, random })
      judged = judge(now, scene, blow).then(async (result) => {
        casts.delete(now)
        await tell(result)
      })
      // Heard by the next round, or below.
      judged.catch(() => undefined)
    }
    await judged
  } finally {
    await Promise.all([...casts].map((one) => one.kill()))
  }
}
