import type { Evidence, Rule, Violation } from './evidence.js'
import {
  asksOnce,
  completedJobsRunOnce,
  failedIsNeverDelivered,
  identityStands,
  jobsAreDone,
  leavesNothing,
  settlesInTime,
  stallsMoveNothing,
  staysWithinPolicy,
  worksAfterwards,
} from './operations.js'
import {
  givenOnce,
  inOrder,
  nothingLostSilently,
  reportedOnce,
  reportsWhatMayBeLost,
  survives,
  tablesAgree,
} from './topics.js'

const RULES: readonly (readonly [invariant: string, rule: Rule])[] = [
  ['I1', givenOnce],
  ['I1', completedJobsRunOnce],
  ['I2', reportedOnce],
  ['I2', reportsWhatMayBeLost],
  ['I2', nothingLostSilently],
  ['I3', survives],
  ['I3', jobsAreDone],
  ['I4', settlesInTime],
  ['I5', identityStands],
  ['I6', inOrder],
  ['I8', worksAfterwards],
  ['I9', staysWithinPolicy],
  ['I12', leavesNothing],
  ['I14', asksOnce],
  ['I16', stallsMoveNothing],
  ['I17', failedIsNeverDelivered],
  ['I18', tablesAgree],
]

/** At most so many of one kind are named. */
const MAX_NAMED = 10

export function judge(seen: Evidence): Violation[] {
  const found: Violation[] = []
  for (const [invariant, rule] of RULES) {
    let named = 0
    for (const what of rule(seen)) {
      found.push({ invariant, what })
      if (++named === MAX_NAMED) break
    }
  }
  return found
}
