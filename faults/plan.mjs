import { plants as known } from './planted.mjs'

/** @typedef {import('./rounds.mjs').Scenario} Scenario */

/** What is played, in its order. @param {Pick<import('./options.mjs').Options, 'faults' | 'kinds' | 'policies' | 'standbys' | 'plants'>} options @returns {Scenario[]} */
export function scenarios({ plants, ...honest }) {
  const plain = unfalsified(honest)
  if (plants.length === 0) return plain
  return plants.flatMap((plant) =>
    plain.filter(({ kind }) => known[plant]?.kinds.includes(kind)).map((scenario) => ({ ...scenario, plant })),
  )
}

/** @param {Pick<import('./options.mjs').Options, 'faults' | 'kinds' | 'policies' | 'standbys'>} options @returns {Scenario[]} */
function unfalsified({ faults, kinds, policies, standbys }) {
  return kinds.flatMap((kind) =>
    (kind === 'topic' ? policies : ['primary']).flatMap((policy) =>
      // What has a home at every site has no other one to go to, and jobs and requests wait for the verdict.
      (kind === 'topic' && policy === 'primary' ? standbys : ['cold']).flatMap((standby) =>
        faults.map((fault) => ({ kind, policy, standby, fault })),
      ),
    ),
  )
}
