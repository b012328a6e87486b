import { setTimeout as elapse } from 'node:timers/promises'

/** @typedef {import('./scene.mjs').Site} Site */

/**
 * @typedef {object} Times
 * @property {number} hangMs
 * @property {number} awayMs
 */

/**
 * What is done to a site, from the first blow until it is as before. `struck` is called at the moment of the first blow.
 * @typedef {(site: Site, times: Times, struck: () => void) => Promise<void>} Inflict
 */

/** Faults of the network: clients have to go through the relays. Of processes that die they must hear themselves. */
export const networkFaults = new Set(['cut', 'hole', 'one-way', 'unheard'])

/** Up and down again, so often. */
const FLAPS = 3

/** @type {ReadonlyMap<string, Inflict>} */
export const faults = new Map(
  Object.entries({
    /** Nothing at all: what the arithmetic says of a quiet run. @type {Inflict} */
    none: async (_, { awayMs }, struck) => {
      struck()
      await elapse(awayMs)
    },
    /** The process is gone from one moment to the next; embedded sites come back empty. @type {Inflict} */
    kill: async ({ node }, { awayMs }, struck) => {
      struck()
      await node.kill()
      await elapse(awayMs)
      await node.restart()
    },
    /** Connections stay open and nothing is answered; then what was written meanwhile is read. @type {Inflict} */
    hang: async ({ node }, { hangMs }, struck) => {
      struck()
      node.hang()
      await elapse(hangMs)
      node.heal()
    },
    /** Killed and back at once, again and again. @type {Inflict} */
    flap: async ({ node }, _, struck) => {
      struck()
      for (let flap = 0; flap < FLAPS; flap++) {
        await node.kill()
        await node.restart()
        await elapse(500)
      }
    },
    /** The network drops all connections and resets new ones. @type {Inflict} */
    cut: async ({ relay }, { hangMs }, struck) => {
      const { target } = relay
      struck()
      relay.target = 0
      relay.cut()
      await elapse(hangMs)
      relay.target = target
    },
    /** What the site says does not arrive any more; what is said to it does, and it acts on it. @type {Inflict} */
    'one-way': async ({ relay }, { hangMs }, struck) => {
      struck()
      relay.hang('back')
      await elapse(hangMs)
      relay.heal()
    },
    /** The other way: it is not told anything any more, and what it says still arrives. @type {Inflict} */
    unheard: async ({ relay }, { hangMs }, struck) => {
      struck()
      relay.hang('there')
      await elapse(hangMs)
      relay.heal()
    },
    /** The network carries nothing any more, and says nothing of it. @type {Inflict} */
    hole: async ({ relay }, { hangMs }, struck) => {
      struck()
      relay.hang()
      await elapse(hangMs)
      relay.heal()
    },
  }),
)
