import type { Evidence, Rule, Violation } from './evidence.js'
import { membersHandle, membersHandleOnce, membersKeepOrder } from './groups.js'
import { goesHome } from './homes.js'
import {
  asksOnce,
  completedJobsRunOnce,
  dialsFew,
  failedIsNeverDelivered,
  identityStands,
  jobsAreDone,
  leavesNothing,
  repeatsWithinBudget,
  returnsSeldom,
  settlesInTime,
  settlesWhatItRan,
  stallsMoveNothing,
  staysWithinPolicy,
  worksAfterwards,
} from './operations.js'
import { survives } from './survival.js'
import {
  givenOnce,
  inOrder,
  nothingLostSilently,
  reportedOnce,
  reportsWhatMayBeLost,
  tablesAgree,
  tellsInTime,
  waitsForSites,
} from './topics.js'

const RULES: readonly (readonly [invariant: string, rule: Rule])[] = [
  ['I1', givenOnce],
  ['I1', completedJobsRunOnce],
  ['I1', membersHandleOnce],
  ['I2', reportedOnce],
  ['I2', reportsWhatMayBeLost],
  ['I2', waitsForSites],
  ['I2', nothingLostSilently],
  ['I2', tellsInTime],
  ['I3', survives],
  ['I3', jobsAreDone],
  ['I3', membersHandle],
  ['I4', settlesInTime],
  ['I5', identityStands],
  ['I6', inOrder],
  ['I6', membersKeepOrder],
  ['I7', settlesWhatItRan],
  ['I8', worksAfterwards],
  ['I8', goesHome],
  ['I9', staysWithinPolicy],
  ['I10', returnsSeldom],
  ['I11', repeatsWithinBudget],
  ['I12', dialsFew],
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
