import { BaseSequencer } from 'vitest/node'

/** What waits longest for engines: begun last, it would be waited for with nothing beside it. */
const SLOW = /conformance|examples\/quotes\/test\/board|simulation-judge|driver-memory\/test\/lesser/

/** The order of a run's files: the slow ones, then as vitest has it. */
export default class SlowestFirst extends BaseSequencer {
  /** @override @param {import('vitest/node').TestSpecification[]} files */
  async sort(files) {
    const sorted = await super.sort(files)
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))]
  }
}

/** @param {import('vitest/node').TestSpecification} file */
function isSlow({ moduleId }) {
  return SLOW.test(moduleId)
}
