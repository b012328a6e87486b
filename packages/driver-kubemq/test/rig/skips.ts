import type { Skips } from '@spanwire/testkit'

const names = 'every channel name exists at KubeMQ: nothing is made or deleted'

export const skips: Skips = {
  'O1/refuse': names,
  'O1/conflict': names,
  O2: 'a channel has no settings at KubeMQ',
  'C3/refused': 'the community server reads no token, enabled or not',
  S4: 'no channel can be hung alone',
  'R2/retention': 'the shortest retention of the server is a minute',
  'R4/recreated': names,
  'R10/source hung': 'no channel can be hung alone',
  'R11/deleted': names,
  'R11/revoked': 'the community server enforces no permissions',
  'H2/leader lost': 'the community server is one process, which leads all its channels',
  H3: 'the server never asks its clients to leave',
  'E1/garbage': "Node's HTTP/2 reads nothing after what it cannot parse, and tells nobody: the client's probes find it",
  'E1/expired credentials': 'the community server reads no token, enabled or not',
}

const hidden = 'an unsettled message keeps others from view when a Get comes late, as many at once do (C19, C15)'

/** Each leaves something unsettled, and expects the rest of the queue to come all the same. */
export const besideOthers: Skips = {
  'R7/queue': hidden,
  'R12/queue': hidden,
  'R12/aborted': hidden,
  Q6: hidden,
  Q7: hidden,
}
